package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// settling is how long a record must have stayed the same to count as won, at
// least: several times what another deployment can have needed between its look
// and its write.
const settling = 200 * time.Millisecond

// cleanUp is the time for putting things back, counted from a failure.
const cleanUp = 30 * time.Second

// claim is a record that is to be the one of its revision.
type claim struct {
	*Publisher
	record
	// format is that of the target, of the image that the record is about.
	format string
	of     v1.Descriptor
}

// win writes the record of a revision that has none. Registries have no request
// that creates and never replaces, so it looks first, writes, and looks again
// when whoever looked at the same time has written too. The error is a
// *publish.BusyError if the record is another's.
func (c *claim) win(ctx context.Context) error {
	image, err := c.put(c.endpoint, c.format, c.of)
	if err != nil {
		return err
	}
	if c.record, _, err = readRecord(image); err != nil {
		return err
	}
	// So that between the look and the write there is nothing to be sent.
	if err := c.client.pusher.Push(ctx, c.repository.Digest(c.artifact.String()), image); err != nil {
		return fmt.Errorf("record revision %d: %w", c.Number, err)
	}
	begin := time.Now()
	other, err := c.Publisher.record(ctx, c.Number)
	if err == nil && (other == nil || other.Withdrawn) {
		err = c.client.pusher.Put(ctx, c.recordTag(c.Number), image)
		if err == nil {
			err = wait.For(ctx, max(settling, 4*time.Since(begin)))
		}
		// A registry whose tags do not move has refused the second.
		var looked error
		if other, looked = c.Publisher.record(ctx, c.Number); err == nil {
			err = looked
		}
		if err == nil && other == nil {
			err = fmt.Errorf("%s is gone again", c.recordTag(c.Number))
		}
	}
	switch {
	case other != nil && !other.Withdrawn && other.artifact != c.artifact:
		c.discard(ctx)
		return &publish.BusyError{Endpoint: c.endpoint, By: other.By, Since: other.At}
	case err != nil:
		return errors.Join(fmt.Errorf("record revision %d: %w", c.Number, err), c.withdraw(ctx))
	}
	if err := c.point(ctx, manifests.RevisionImageTag(c.endpoint, c.Number), &c.Image); err != nil {
		return errors.Join(fmt.Errorf("tag the image of revision %d: %w", c.Number, err), c.withdraw(ctx))
	}
	return nil
}

// discard deletes a record that no tag names, if the registry lets it.
func (c *claim) discard(ctx context.Context) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	_ = c.forgetRecord(ctx, c.record)
}

// withdraw takes the record back. Where nothing is deleted, it is replaced by
// one that says so.
func (c *claim) withdraw(ctx context.Context) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	fail := func(err error) error { return fmt.Errorf("take back the record of revision %d: %w", c.Number, err) }
	err := c.forget(ctx, c.record)
	if err == nil {
		return nil
	}
	if !refusesDeletion(err) {
		return fail(err)
	}
	tag := c.recordTag(c.Number)
	if now, ok, err := c.client.digest(ctx, tag); err != nil {
		return fail(err)
	} else if !ok || now != c.artifact {
		return nil
	}
	withdrawn := c.record
	withdrawn.Withdrawn = true
	image, err := withdrawn.put(c.endpoint, c.format, c.of)
	if err == nil {
		err = c.client.pusher.Push(ctx, tag, image)
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// forget deletes a record, and the tags of the revision that still name the
// record and its image.
func (p *Publisher) forget(ctx context.Context, r record) error {
	return errors.Join(p.untag(ctx, manifests.RevisionImageTag(p.endpoint, r.Number), r.Image), p.forgetRecord(ctx, r))
}

// untag deletes a tag, unless it names another image.
func (p *Publisher) untag(ctx context.Context, tag string, image v1.Hash) error {
	now, ok, err := p.client.digest(ctx, p.repository.Tag(tag))
	if err != nil || !ok || now != image {
		return err
	}
	return p.point(ctx, tag, nil)
}

func (p *Publisher) forgetRecord(ctx context.Context, r record) error {
	tag := p.recordTag(r.Number)
	now, ok, err := p.client.digest(ctx, tag)
	if err != nil {
		return err
	}
	if ok && now == r.artifact {
		err = p.client.remove(ctx, tag, now)
	} else if err = p.client.pusher.Delete(ctx, p.repository.Digest(r.artifact.String())); isNotFound(err) {
		err = nil
	}
	if err == nil && r.subject != nil {
		err = p.client.forgetReferrer(ctx, p.repository, *r.subject, r.artifact)
	}
	return err
}

// remove deletes a tag and the manifest that it names. Some registries delete
// no manifest that a tag names, and others no tag but with its manifest.
func (c *client) remove(ctx context.Context, tag name.Tag, digest v1.Hash) error {
	refused := errors.Join(
		c.pusher.Delete(ctx, tag),
		c.pusher.Delete(ctx, tag.Context().Digest(digest.String())),
	)
	if refused == nil {
		return nil
	}
	if now, ok, err := c.digest(ctx, tag); err != nil || ok && now == digest {
		return errors.Join(refused, err)
	}
	return nil
}

// afterwards is a context for what must be done although ctx may have ended.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
}
