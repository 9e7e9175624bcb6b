package containers

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/kinds"
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

// The largest revision that is read back from an engine, in bytes and in values.
const (
	maxRevision = 4 << 20
	maxValues   = 10_000
)

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

// Encode is the revision of a record, as it is kept with its container.
func Encode(r publish.Record) ([]byte, error) { return json.Marshal(r.Revision) }

// Decode reads a record back from a container's revision and labels, but for its
// phase. Whoever may make containers may have written it, so it is bounded.
func Decode(revision []byte, labels map[string]string) (publish.Record, error) {
	r := publish.Record{Attempt: labels[LabelAttempt]}
	if err := untrusted.DecodeJSON(revision, "the revision", maxRevision, maxValues, &r.Revision); err != nil {
		return r, err
	}
	if err := kinds.Restore(&r.State); err != nil {
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
