package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Delete implements publish.Publisher: it deletes the tags that the endpoint's
// revisions have set and that still name one of their images, and the records,
// the newest last. Images stay: others may use them by digest or by another
// tag, and the registry's own clean-up knows which nobody names. The error is a
// *KeptError for what the registry does not delete.
func (p *Publisher) Delete(ctx context.Context) error {
	tags, records, err := p.left(ctx)
	if err != nil {
		return err
	}
	kept := &KeptError{Repository: p.called}
	for _, tag := range tags {
		if err := kept.add(tag, p.point(ctx, tag, nil)); err != nil {
			return err
		}
	}
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

// Removals implements publish.Publisher.
func (p *Publisher) Removals(ctx context.Context) ([]publish.Change, error) {
	tags, records, err := p.left(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		tags = append(tags, manifests.RevisionTag(p.endpoint, r.Number))
	}
	var out []publish.Change
	for _, tag := range tags {
		out = append(out, publish.Change{Action: "delete", Object: "Tag " + p.called + ":" + tag})
	}
	return out, nil
}

// left are the tags that the revisions have set and that still name one of their
// images, and the records, the oldest first.
func (p *Publisher) left(ctx context.Context) (tags []string, records []record, err error) {
	if records, err = p.allRecords(ctx); err != nil {
		return nil, nil, err
	}
	slices.Reverse(records)
	ours, set := map[v1.Hash]bool{}, []string{}
	for _, r := range records {
		ours[r.Image] = true
		if w, err := registrykind.ParseImage(r.Documents); err == nil {
			set = append(set, w.Tags...)
		}
	}
	slices.Sort(set)
	for _, tag := range slices.Compact(set) {
		now, there, err := p.client.digest(ctx, p.repository.Tag(tag))
		if err != nil {
			return nil, nil, err
		}
		if there && ours[now] {
			tags = append(tags, tag)
		}
	}
	return tags, records, nil
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
