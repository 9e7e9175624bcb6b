package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Tag lets a tag of its repository name an image, REPOSITORY@sha256:… or
// REPOSITORY:TAG.
func Tag(ctx context.Context, image, tag string) error {
	c, err := newClient()
	if err != nil {
		return err
	}
	ref, err := parseReference(image)
	if err != nil {
		return err
	}
	d, err := c.puller.Get(ctx, ref)
	if isNotFound(err) {
		return &NoImageError{Image: image}
	}
	if err != nil {
		return err
	}
	if err := c.pusher.Put(ctx, ref.Context().Tag(tag), d); err != nil {
		return fmt.Errorf("tag %s as %s: %w", image, tag, err)
	}
	return nil
}

// tagMove is a tag that is to name another image, or none.
type tagMove struct {
	tag string
	// from and to are digests, nil for no image.
	from, to *v1.Hash
	// conflict says that this endpoint did not set the tag, "" if it did.
	conflict string
}

// moves lists what has to change that the tags of a document name an image, and
// those that only the newest revision has name none. A tag that others have
// moved stays, where it is to go. The error is a *publish.ConflictError for a
// tag that is to move and that this endpoint did not set, unless forced.
func (p *Publisher) moves(ctx context.Context, w *registrykind.Image, image v1.Hash, records []record, force bool) ([]tagMove, error) {
	ours := map[v1.Hash]bool{}
	for _, r := range records {
		ours[r.Image] = true
	}
	var out []tagMove
	var conflicts []*publish.ConflictError
	for _, tag := range w.Tags {
		now, there, err := p.client.digest(ctx, p.repository.Tag(tag))
		switch {
		case err != nil:
			return nil, err
		case !there:
			out = append(out, tagMove{tag: tag, to: &image})
		case now == image:
		default:
			m := tagMove{tag: tag, from: &now, to: &image}
			if !ours[now] {
				m.conflict = "it names " + now.String() + ", which was not deployed as " + p.endpoint
			}
			if m.conflict != "" && !force {
				conflicts = append(conflicts, &publish.ConflictError{Object: "tag " + p.called + ":" + tag, Details: []string{m.conflict}})
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
	dropped, err := p.dropped(ctx, w, records)
	return append(out, dropped...), err
}

// dropped are the tags that the newest revision has, and the document has not.
func (p *Publisher) dropped(ctx context.Context, w *registrykind.Image, records []record) ([]tagMove, error) {
	if len(records) == 0 {
		return nil, nil
	}
	had, err := registrykind.ParseImage(records[0].Documents)
	if err != nil {
		return nil, fmt.Errorf("record of revision %d: %w: delete the tag %s if deployfile did not write it", records[0].Number, err, p.recordTag(records[0].Number))
	}
	var out []tagMove
	for _, tag := range had.Tags {
		if slices.Contains(w.Tags, tag) {
			continue
		}
		now, there, err := p.client.digest(ctx, p.repository.Tag(tag))
		if err != nil {
			return nil, err
		}
		if there && now == records[0].Image {
			out = append(out, tagMove{tag: tag, from: &now})
		}
	}
	return out, nil
}

// move carries moves out. Tags that the registry does not delete stay, and say
// is told of them. If one fails, those before it are put back.
func (p *Publisher) move(ctx context.Context, moves []tagMove, say func(string)) error {
	for n, m := range moves {
		err := p.point(ctx, m.tag, m.to)
		switch {
		case err == nil && m.to == nil:
			say(fmt.Sprintf("tag %s is deleted", m.tag))
		case err == nil:
			say(fmt.Sprintf("tag %s names %s", m.tag, m.to))
		case m.to == nil && refusesDeletion(err):
			say(fmt.Sprintf("tag %s stays where it is: the registry does not delete it", m.tag))
		default:
			return errors.Join(fmt.Errorf("tag %s: %w", m.tag, err), p.moveBack(ctx, moves[:n+1]))
		}
	}
	return nil
}

func (p *Publisher) moveBack(ctx context.Context, moves []tagMove) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	var failed []error
	for _, m := range moves {
		if err := p.point(ctx, m.tag, m.from); err != nil {
			failed = append(failed, fmt.Errorf("put tag %s back: %w", m.tag, err))
		}
	}
	return errors.Join(failed...)
}

// point lets a tag name a manifest of the repository; nil deletes the tag, and
// the tag alone.
func (p *Publisher) point(ctx context.Context, tag string, to *v1.Hash) error {
	if to == nil {
		err := p.client.pusher.Delete(ctx, p.repository.Tag(tag))
		if isNotFound(err) {
			return nil
		}
		return err
	}
	d, err := p.client.puller.Get(ctx, p.repository.Digest(to.String()))
	if err != nil {
		return err
	}
	return p.client.pusher.Put(ctx, p.repository.Tag(tag), d)
}
