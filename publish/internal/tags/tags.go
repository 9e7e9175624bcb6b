// Package tags keeps a record in the tags of a cloud's resource, whose values are short and
// cannot have all characters.
package tags

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/publish"
	record "github.com/deployfile/deployfile/record/v1"
)

// The tags of a record.
const (
	Attempt  = "deployfile-attempt"
	phase    = "deployfile-phase"
	deadline = "deployfile-deadline"
	part     = "deployfile-record-" // followed by two digits
)

// Limits that every cloud keeps: a resource has at most 50 tags, with values of at most 256
// characters.
const (
	mostParts   = 40
	longestPart = 256
)

// Encode returns the tags of a record: compressed record/v1 JSON in several of them, and
// what changes in others.
func Encode(r publish.Record) (map[string]string, error) {
	revision, err := publish.EncodeRevision(r.Revision)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(revision); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	if most := mostParts * longestPart; len(text) > most {
		return nil, fmt.Errorf("the record of revision %d has %d characters, more than the %d that fit into tags: put variables into the image, with [environment] env", r.Number, len(text), most)
	}
	out := Progress(r)
	out[Attempt] = r.Attempt
	for n := 0; len(text) > 0; n++ {
		size := min(longestPart, len(text))
		out[fmt.Sprintf("%s%02d", part, n)] = text[:size]
		text = text[size:]
	}
	return out, nil
}

// Progress returns the tags that change while a rollout goes on.
func Progress(r publish.Record) map[string]string {
	until := "none"
	if !r.Deadline.IsZero() {
		until = r.Deadline.UTC().Format(time.RFC3339)
	}
	return map[string]string{phase: string(r.Phase), deadline: until}
}

// Decode decodes the tags of a record, which others may have changed.
func Decode(tags map[string]string) (publish.Record, error) {
	r := publish.Record{Phase: publish.Phase(tags[phase]), Attempt: tags[Attempt]}
	var text strings.Builder
	for n := range mostParts {
		text.WriteString(tags[fmt.Sprintf("%s%02d", part, n)])
	}
	packed, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		return r, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return r, err
	}
	revision, err := untrusted.ReadAll(z, "record", record.MaxSize)
	if err != nil {
		return r, err
	}
	if r.Revision, _, err = publish.DecodeRevision(revision); err != nil {
		return r, err
	}
	switch r.Phase {
	case publish.Applying, publish.Switching, publish.Deployed, publish.Failed:
	default:
		return r, fmt.Errorf("unknown phase %q", r.Phase)
	}
	if until := tags[deadline]; until != "none" {
		if r.Deadline, err = time.Parse(time.RFC3339, until); err != nil {
			return r, err
		}
	}
	return r, nil
}
