package registry

import (
	"context"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/publish"
)

// Delete implements publish.Store. It removes the mark first, because a number with
// a mark and without a record cannot be used again. The error is a *KeptError for
// tags that the registry does not delete.
func (s *Store) Delete(ctx context.Context, r publish.Record) error {
	kept := &KeptError{Repository: s.called}
	had, err := s.read(ctx, r.Number)
	switch {
	case err != nil:
		return err
	case had == nil && r.Phase == publish.Failed && r.Attempt == "":
		// A mark alone.
		mark := s.markTag(r.Number)
		if err := kept.Add(mark.TagStr(), s.client.Point(ctx, mark, nil)); err != nil {
			return err
		}
		return kept.OrNil()
	case had == nil || had.Attempt != r.Attempt:
		return nil
	}
	mark := s.markTag(r.Number)
	if had.Facts[FactImage] == "" {
		// It names the artifact of the time when the record was committed.
		err = s.client.Point(ctx, mark, nil)
	} else {
		err = s.client.Untag(ctx, mark, had.keeps)
	}
	if err := kept.Add(mark.TagStr(), err); err != nil {
		return err
	}
	tag := s.recordTag(r.Number)
	refused := s.client.Remove(ctx, tag, had.digest)
	if err := kept.Add(tag.TagStr(), refused); err != nil {
		return err
	}
	if refused == nil && had.subject != nil {
		if err := s.client.ForgetReferrer(ctx, s.repository, had.subject.Digest, had.digest); err != nil {
			return err
		}
	}
	return kept.OrNil()
}

// KeptError is what a registry does not delete.
type KeptError struct {
	Repository string
	// Tags are those that stay, Err is why.
	Tags []string
	Err  error
}

// Error names the tags and says what to do.
func (e *KeptError) Error() string {
	return fmt.Sprintf("the registry of %s does not delete the tags %s: %v; allow deletion there, or delete them with its own tools", e.Repository, strings.Join(e.Tags, ", "), e.Err)
}

// Unwrap returns why.
func (e *KeptError) Unwrap() error { return e.Err }

// Add notes a tag that the registry refused to delete, and returns any other error.
func (e *KeptError) Add(tag string, err error) error {
	if err == nil || !registryclient.RefusesDeletion(err) {
		return err
	}
	e.Tags = append(e.Tags, tag)
	e.Err = err
	return nil
}

// OrNil returns e, or nil if every tag was deleted.
func (e *KeptError) OrNil() error {
	if len(e.Tags) == 0 {
		return nil
	}
	return e
}
