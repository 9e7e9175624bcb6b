package registry

import (
	"context"
	"slices"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	store "github.com/deployfile/deployfile/publish/store/registry"
)

// Delete implements publish.Driver: it deletes the tags that the endpoint's
// revisions have set and that still name one of their images. Images stay: others
// may use them by digest or by another tag, and the registry's own clean-up knows
// which are not named. The error is a *KeptError of publish/store/registry for what
// the registry does not delete; the records stay then, too.
func (d *driver) Delete(ctx context.Context, records []publish.Record) error {
	tags, err := d.left(ctx, records)
	if err != nil {
		return err
	}
	kept := &store.KeptError{Repository: d.called}
	for _, tag := range tags {
		if err := kept.Add(tag, d.client.Point(ctx, d.repository.Tag(tag), nil)); err != nil {
			return err
		}
	}
	if len(kept.Tags) > 0 {
		kept.Tags = append(kept.Tags, d.recordTags(records)...)
	}
	return kept.OrNil()
}

// Removals implements publish.Driver. The records are tags like the others.
func (d *driver) Removals(ctx context.Context, records []publish.Record) ([]publish.Change, error) {
	tags, err := d.left(ctx, records)
	if err != nil {
		return nil, err
	}
	var out []publish.Change
	for _, tag := range append(tags, d.recordTags(records)...) {
		out = append(out, publish.Change{Action: "delete", Object: "Tag " + d.called + ":" + tag})
	}
	return out, nil
}

// recordTags returns the tags of records, the oldest first.
func (d *driver) recordTags(records []publish.Record) []string {
	var out []string
	for _, r := range slices.Backward(records) {
		out = append(out, manifests.RevisionTag(d.endpoint, r.Number))
	}
	return out
}

// left returns the tags that the revisions have set and that still name one of their
// images.
func (d *driver) left(ctx context.Context, records []publish.Record) ([]string, error) {
	var set, out []string
	for _, r := range records {
		set = append(set, tagsOf(r)...)
	}
	slices.Sort(set)
	ours := imagesOf(records)
	for _, tag := range slices.Compact(set) {
		now, err := d.look(ctx, tag)
		if err != nil {
			return nil, err
		}
		if now != nil && ours[*now] {
			out = append(out, tag)
		}
	}
	return out, nil
}
