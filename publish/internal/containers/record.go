package containers

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/publish"
)

// The labels of containers beside those of their document.
const (
	LabelEndpoint = imagespec.LabelPrefix + "endpoint"
	// LabelBy and LabelAt are those of the revision; LabelImage, LabelLock and LabelFile
	// have the digests that it was made of.
	LabelBy    = imagespec.LabelPrefix + "by"
	LabelAt    = imagespec.LabelPrefix + "at"
	LabelImage = imagespec.LabelPrefix + "image"
	LabelLock  = imagespec.LabelPrefix + "lock"
	LabelFile  = imagespec.LabelPrefix + "file"
	// LabelAttempt and LabelDeadline are those of the record.
	LabelAttempt  = imagespec.LabelPrefix + "attempt"
	LabelDeadline = imagespec.LabelPrefix + "deadline"
	// LabelBrought reports that the image was pulled for the container.
	LabelBrought = imagespec.LabelPrefix + "brought"
)

// FactBrought is the fact of a publish.Record for LabelBrought.
const FactBrought = "brought"

// Labels returns the labels of a record's container.
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

// Deadline returns the value of LabelDeadline, "" for none.
func Deadline(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Decode decodes a record except for its phase, from the record/v1 JSON that is stored
// with a container and from the container's labels.
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
