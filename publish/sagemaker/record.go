package sagemaker

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/publish"
	record "github.com/deployfile/deployfile/record/v1"
)

// The tags of a record.
const (
	tagAttempt  = "deployfile:attempt"
	tagPhase    = "deployfile:phase"
	tagDeadline = "deployfile:deadline"
	tagRecord   = "deployfile:record-" // followed by two digits
)

// Limits of tags: a resource has at most 50, of which users may have ten, and a value has
// at most 256 characters, which cannot be those of JSON.
const (
	mostParts   = 36
	longestPart = 256
)

// encode returns the tags of a record: compressed record/v1 JSON in several of them, and
// what changes in others.
func encode(r publish.Record) ([]types.Tag, error) {
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
	tags := append(progress(r), tagOf(tagAttempt, r.Attempt))
	for part := 0; len(text) > 0; part++ {
		n := min(longestPart, len(text))
		tags = append(tags, tagOf(fmt.Sprintf("%s%02d", tagRecord, part), text[:n]))
		text = text[n:]
	}
	return tags, nil
}

// progress returns the tags that Update changes.
func progress(r publish.Record) []types.Tag {
	deadline := ""
	if !r.Deadline.IsZero() {
		deadline = r.Deadline.UTC().Format(time.RFC3339)
	}
	return []types.Tag{tagOf(tagPhase, string(r.Phase)), tagOf(tagDeadline, deadline)}
}

func tagOf(key, value string) types.Tag {
	return types.Tag{Key: aws.String(key), Value: aws.String(value)}
}

// decode decodes the tags of a model.
func decode(tags map[string]string) (publish.Record, error) {
	r := publish.Record{Phase: publish.Phase(tags[tagPhase]), Attempt: tags[tagAttempt]}
	var text strings.Builder
	for part := range mostParts {
		text.WriteString(tags[fmt.Sprintf("%s%02d", tagRecord, part)])
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
	if deadline := tags[tagDeadline]; deadline != "" {
		if r.Deadline, err = time.Parse(time.RFC3339, deadline); err != nil {
			return r, err
		}
	}
	return r, nil
}
