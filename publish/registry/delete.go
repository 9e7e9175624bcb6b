package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Delete implements publish.Publisher: it deletes the tags that the endpoint's
// revisions have set and that still name one of their images, and the records,
// the newest last. Images stay: others may use them by digest or by another
// tag, and the registry's own clean-up knows which nobody names. The error is a
// *KeptError for what the registry does not delete.
func (p *Publisher) Delete(ctx context.Context) error {
	records, err := p.allRecords(ctx)
	if err != nil {
		return err
	}
	kept := &KeptError{Repository: p.called}
	ours, tags := map[v1.Hash]bool{}, []string{}
	for _, r := range records {
		ours[r.Image] = true
		if w, err := manifests.ParseRegistryImage(r.Documents); err == nil {
			tags = append(tags, w.Tags...)
		}
	}
	slices.Sort(tags)
	for _, tag := range slices.Compact(tags) {
		now, there, err := p.client.digest(ctx, p.repository.Tag(tag))
		if err != nil {
			return err
		}
		if there && ours[now] {
			if err := kept.add(tag, p.point(ctx, tag, nil)); err != nil {
				return err
			}
		}
	}
	slices.Reverse(records)
	for _, r := range records {
		if err := kept.add(manifests.RevisionTag(p.endpoint, r.Number), p.forget(ctx, r)); err != nil {
			return err
		}
	}
	if len(kept.Tags) > 0 {
		return kept
	}
	return nil
}

// KeptError is what a registry did not delete.
type KeptError struct {
	Repository string
	// Tags are those that stay, Err is why.
	Tags []string
	Err  error
}

// Error implements error.
func (e *KeptError) Error() string {
	return fmt.Sprintf("the registry of %s does not delete the tags %s: %v; allow deletion there, or delete them with its own tools", e.Repository, strings.Join(e.Tags, ", "), e.Err)
}

// Unwrap returns why.
func (e *KeptError) Unwrap() error { return e.Err }

// add notes a tag that the registry refused to delete, and returns any other
// error.
func (e *KeptError) add(tag string, err error) error {
	if err == nil || !refusesDeletion(err) {
		return err
	}
	e.Tags = append(e.Tags, tag)
	e.Err = err
	return nil
}
