package containers

import (
	"fmt"
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
	// LabelAttempt and LabelDeadline are those of the record.
	LabelAttempt  = imagespec.LabelPrefix + "attempt"
	LabelDeadline = imagespec.LabelPrefix + "deadline"
	// LabelBrought says that the engine has the image from a deployment.
	LabelBrought = imagespec.LabelPrefix + "brought"
)

// FactBrought is the publish.Record's fact of LabelBrought.
const FactBrought = "brought"

// Labels are those of a record's container.
func Labels(r publish.Record) map[string]string {
	live := r.State.Live
	_, digest, named := strings.Cut(live.Image, "@")
	if !named {
		digest = live.Image
	}
	out := map[string]string{
		LabelBy:       r.By,
		LabelAt:       r.At.UTC().Format(time.RFC3339),
		LabelImage:    digest,
		LabelLock:     live.LockDigest,
		LabelFile:     live.FileDigest,
		LabelAttempt:  r.Attempt,
		LabelDeadline: Deadline(r.Deadline),
		LabelBrought:  r.Facts[FactBrought],
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}

// Deadline is the value of LabelDeadline, "" for none.
func Deadline(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Decode reads a record back, but for its phase, from the record/v1 JSON that is
// kept with a container and from the container's labels.
func Decode(revision []byte, labels map[string]string) (publish.Record, error) {
	r := publish.Record{Attempt: labels[LabelAttempt]}
	var err error
	if r.Revision, _, err = publish.DecodeRevision(revision); err != nil {
		return r, err
	}
	if labels[LabelBrought] != "" {
		r.Facts = map[string]string{FactBrought: labels[LabelBrought]}
	}
	if text := labels[LabelDeadline]; text != "" {
		deadline, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return r, fmt.Errorf("label %s: %w", LabelDeadline, err)
		}
		r.Deadline = deadline
	}
	return r, nil
}
