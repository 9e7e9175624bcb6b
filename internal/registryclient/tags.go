package registryclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// MaxTags is how many tags of a repository are read, and MaxPages on how many
// pages: many registries list no more than 100 on one.
const (
	MaxTags  = 1_000_000
	MaxPages = 10_000
)

// Tags calls visit for each tag of a repository, in the registry's order; for none
// if there is no such repository.
func (c *Client) Tags(ctx context.Context, repository name.Repository, visit func(tag string)) error {
	pages, err := c.Puller.Lister(ctx, repository)
	if IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for tags, n := 0, 0; pages.HasNext(); n++ {
		page, err := pages.Next(ctx)
		if err != nil {
			return err
		}
		if tags += len(page.Tags); tags > MaxTags {
			return fmt.Errorf("tags of %s: %w", repository, &untrusted.AnswerError{Limit: fmt.Sprintf("%d tags", MaxTags)})
		}
		if n == MaxPages {
			return fmt.Errorf("tags of %s: %w", repository, &untrusted.AnswerError{Limit: fmt.Sprintf("%d pages", MaxPages)})
		}
		for _, tag := range page.Tags {
			visit(tag)
		}
	}
	return nil
}

// Point lets a tag name a manifest of its repository; nil deletes the tag, and
// the tag alone.
func (c *Client) Point(ctx context.Context, tag name.Tag, to *v1.Hash) error {
	if to == nil {
		err := c.Pusher.Delete(ctx, tag)
		if IsNotFound(err) {
			return nil
		}
		return err
	}
	d, err := c.Puller.Get(ctx, tag.Context().Digest(to.String()))
	if err != nil {
		return err
	}
	return c.Pusher.Put(ctx, tag, d)
}

// Untag deletes a tag, unless it names another manifest than the given one.
func (c *Client) Untag(ctx context.Context, tag name.Tag, manifest v1.Hash) error {
	now, ok, err := c.Digest(ctx, tag)
	if err != nil || !ok || now != manifest {
		return err
	}
	return c.Point(ctx, tag, nil)
}

// Remove deletes a tag and the manifest that it names. Some registries delete
// no manifest that a tag names, and others no tag but with its manifest.
func (c *Client) Remove(ctx context.Context, tag name.Tag, digest v1.Hash) error {
	refused := errors.Join(
		c.Pusher.Delete(ctx, tag),
		c.Pusher.Delete(ctx, tag.Context().Digest(digest.String())),
	)
	if refused == nil {
		return nil
	}
	if now, ok, err := c.Digest(ctx, tag); err != nil || ok && now == digest {
		return errors.Join(refused, err)
	}
	return nil
}
