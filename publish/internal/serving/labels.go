package serving

import (
	"maps"
	"strings"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/publish"
)

// The labels that containers have besides those of their document.
const (
	LabelEndpoint = imagespec.LabelPrefix + "endpoint"
	// LabelBy and LabelAt are those of the revision, LabelImage, LabelLock and
	// LabelFile the digests of what it was made of.
	LabelBy    = imagespec.LabelPrefix + "by"
	LabelAt    = imagespec.LabelPrefix + "at"
	LabelImage = imagespec.LabelPrefix + "image"
	LabelLock  = imagespec.LabelPrefix + "lock"
	LabelFile  = imagespec.LabelPrefix + "file"
	// LabelLimit is how long each wait of the deployment may take.
	LabelLimit = imagespec.LabelPrefix + "limit"
	// LabelBrought says that the engine has the image from a deployment.
	LabelBrought = imagespec.LabelPrefix + "brought"
)

// Labels are those of a revision's container.
func Labels(r publish.Revision, limit time.Duration, brought bool) map[string]string {
	live := r.State.Live
	_, digest, named := strings.Cut(live.Image, "@")
	if !named {
		digest = live.Image
	}
	out := map[string]string{
		LabelBy:    r.By,
		LabelAt:    r.At.UTC().Format(time.RFC3339),
		LabelImage: digest,
		LabelLock:  live.LockDigest,
		LabelFile:  live.FileDigest,
		LabelLimit: limit.String(),
	}
	if brought {
		out[LabelBrought] = "true"
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}
