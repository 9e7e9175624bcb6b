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

// Scheme is how a cloud's tags keep records.
type Scheme struct {
	// Prefix begins the keys.
	Prefix string
	// Parts is how many tags the unchanging part of a record may take.
	Parts int
}

// longestPart is how many characters a value may have at every cloud.
const longestPart = 256

// Attempt is the key of the attempt that made a record.
func (s Scheme) Attempt() string { return s.Prefix + "attempt" }

func (s Scheme) phase() string { return s.Prefix + "phase" }

func (s Scheme) deadline() string { return s.Prefix + "deadline" }

func (s Scheme) part(n int) string { return fmt.Sprintf("%srecord-%02d", s.Prefix, n) }

// Encode returns the tags of a record: compressed record/v1 JSON in several of them, and
// what changes in others.
func (s Scheme) Encode(r publish.Record) (map[string]string, error) {
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
	if most := s.Parts * longestPart; len(text) > most {
		return nil, fmt.Errorf("the record of revision %d has %d characters, more than the %d that fit into tags: put variables into the image, with [environment] env", r.Number, len(text), most)
	}
	out := s.Progress(r)
	out[s.Attempt()] = r.Attempt
	for n := 0; len(text) > 0; n++ {
		size := min(longestPart, len(text))
		out[s.part(n)] = text[:size]
		text = text[size:]
	}
	return out, nil
}

// Progress returns the tags that change while a rollout goes on.
func (s Scheme) Progress(r publish.Record) map[string]string {
	until := "none"
	if !r.Deadline.IsZero() {
		until = r.Deadline.UTC().Format(time.RFC3339)
	}
	return map[string]string{s.phase(): string(r.Phase), s.deadline(): until}
}

// Decode decodes the tags of a record, which others may have changed.
func (s Scheme) Decode(tags map[string]string) (publish.Record, error) {
	r := publish.Record{Phase: publish.Phase(tags[s.phase()]), Attempt: tags[s.Attempt()]}
	var text strings.Builder
	for n := range s.Parts {
		text.WriteString(tags[s.part(n)])
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
	if until := tags[s.deadline()]; until != "none" {
		if r.Deadline, err = time.Parse(time.RFC3339, until); err != nil {
			return r, err
		}
	}
	return r, nil
}
