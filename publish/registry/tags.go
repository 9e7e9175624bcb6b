package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// tagMove is a tag that is to name another image, or nothing.
type tagMove struct {
	tag string
	// from and to are digests, nil for no image.
	from, to *v1.Hash
	// conflict says that this endpoint did not set the tag, "" if it did.
	conflict string
}

// look returns what a tag names, nil for nothing.
type look func(ctx context.Context, tag string) (*v1.Hash, error)

// look returns what a tag names now.
func (d *driver) look(ctx context.Context, tag string) (*v1.Hash, error) {
	now, there, err := d.client.Digest(ctx, d.repository.Tag(tag))
	if err != nil || !there {
		return nil, err
	}
	return &now, nil
}

// named returns an image by the name of the repository that the user gave.
func (d *driver) named(digest v1.Hash) string { return d.called + "@" + digest.String() }

// tagsOf returns the tags of a record's document, nil if it does not have one.
func tagsOf(r publish.Record) []string {
	w, err := registrykind.ParseImage(r.Documents)
	if err != nil {
		return nil
	}
	return w.Tags
}

// moves lists what has to change for the tags of a document to name an image, and
// for those that only the newest revision has to name none. A tag of the latter
// that others have moved stays. The error is a *publish.ConflictError for a tag
// that is to move and that this endpoint did not set, unless forced.
func (d *driver) moves(ctx context.Context, w *registrykind.Image, image v1.Hash, records []publish.Record, tags look, force bool) ([]tagMove, error) {
	ours := imagesOf(records)
	var out []tagMove
	var conflicts []*publish.ConflictError
	for _, tag := range w.Tags {
		now, err := tags(ctx, tag)
		switch {
		case err != nil:
			return nil, err
		case now == nil:
			out = append(out, tagMove{tag: tag, to: &image})
		case *now == image:
		default:
			m := tagMove{tag: tag, from: now, to: &image}
			if !ours[*now] {
				m.conflict = "it names " + now.String() + ", which was not deployed as " + d.endpoint
			}
			if m.conflict != "" && !force {
				conflicts = append(conflicts, &publish.ConflictError{Object: "tag " + d.called + ":" + tag, Details: []string{m.conflict}})
			}
			out = append(out, m)
		}
	}
	if len(conflicts) > 0 {
		for _, c := range conflicts[1:] {
			conflicts[0].Details = append(conflicts[0].Details, c.Object+": "+c.Details[0])
		}
		return out, conflicts[0]
	}
	dropped, err := d.dropped(ctx, w, publish.NewestDeployed(records), tags)
	return append(out, dropped...), err
}

func imagesOf(records []publish.Record) map[v1.Hash]bool {
	out := map[v1.Hash]bool{}
	for _, r := range records {
		if image, ok := imageOf(r); ok {
			out[image] = true
		}
	}
	return out
}

// dropped lists the tags that the newest revision has, and the document has not.
func (d *driver) dropped(ctx context.Context, w *registrykind.Image, newest *publish.Record, tags look) ([]tagMove, error) {
	if newest == nil {
		return nil, nil
	}
	had, err := registrykind.ParseImage(newest.Documents)
	if err != nil {
		return nil, d.broken(*newest, err)
	}
	image, _ := imageOf(*newest)
	var out []tagMove
	for _, tag := range had.Tags {
		if slices.Contains(w.Tags, tag) {
			continue
		}
		now, err := tags(ctx, tag)
		if err != nil {
			return nil, err
		}
		if now != nil && *now == image {
			out = append(out, tagMove{tag: tag, from: now})
		}
	}
	return out, nil
}

// broken says what to do about a record that deployfile did not write.
func (d *driver) broken(r publish.Record, err error) error {
	tag := d.repository.Tag(manifests.RevisionTag(d.endpoint, r.Number))
	return fmt.Errorf("record of revision %d: %w: delete the tag %s if deployfile did not write it", r.Number, err, tag)
}
