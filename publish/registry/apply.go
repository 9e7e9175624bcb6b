package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/internal/imageformat"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Apply implements publish.Publisher: it copies the image, records the revision
// and moves the tags. Before the last step nothing is named otherwise than it
// was, so that is all that a failure puts back.
func (p *Publisher) Apply(ctx context.Context, revision publish.Revision, o publish.ApplyOptions) error {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	records, err := p.records(ctx)
	if err != nil {
		return err
	}
	limited, cancel := withTimeout(ctx, o.Timeout)
	defer cancel()
	err = p.apply(limited, revision, records, o)
	if limited.Err() == nil || err == nil {
		return err
	}
	stopped := &publish.NotReadyError{Endpoint: p.endpoint, Reason: context.Cause(limited).Error()}
	if len(records) > 0 {
		stopped.Restored = records[0].Number
	}
	return errors.Join(stopped, withoutContext(err))
}

// withTimeout is ctx for at most d, or as long as ctx lasts if d is 0.
func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("it was not copied within %s", d))
}

func (p *Publisher) apply(ctx context.Context, revision publish.Revision, records []record, o publish.ApplyOptions) error {
	w, err := p.wanted(revision.Documents)
	if err != nil {
		return err
	}
	if len(records) > 0 && records[0].Number >= revision.Number {
		return &publish.BusyError{Endpoint: p.endpoint, By: records[0].By, Since: records[0].At}
	}
	image, there, err := p.find(ctx, w, records)
	if err != nil {
		return err
	}
	// A conflict is better found before a long copy than after it.
	if _, err := p.moves(ctx, w, image, records, o.ForceConflicts); err != nil {
		return err
	}
	if !there {
		if err := p.deliver(ctx, w, o.Progress); err != nil {
			return err
		}
	}
	moves, err := p.moves(ctx, w, image, records, o.ForceConflicts)
	if err != nil {
		return err
	}
	of, err := p.client.puller.Get(ctx, p.repository.Digest(image.String()))
	if err != nil {
		return err
	}
	c := &claim{Publisher: p, record: record{Revision: revision, Image: image}, format: w.Format, of: of.Descriptor}
	if err := c.win(ctx); err != nil {
		return err
	}
	if err := p.move(ctx, moves, o.Progress); err != nil {
		return errors.Join(err, c.withdraw(ctx))
	}
	p.prune(ctx, records)
	return nil
}

// find is the digest that the image has in the repository, or will have there.
// It reads manifests only, and asks nothing of the source if an earlier revision
// has brought the image: the source may be gone. One that is not there yet, as
// when nothing is to be changed, counts as having its form already.
func (p *Publisher) find(ctx context.Context, w *registrykind.Image, records []record) (digest v1.Hash, there bool, err error) {
	source, err := parseReference(w.Source)
	if err != nil {
		return digest, false, err
	}
	if digest, err = v1.NewHash(source.Identifier()); err != nil {
		return digest, false, fmt.Errorf("%s: %w", w.Source, err)
	}
	if w.Format != imageformat.OCI {
		if digest, err = p.converted(ctx, w, source, records); err != nil {
			return digest, false, err
		}
	}
	_, there, err = p.client.digest(ctx, p.repository.Digest(digest.String()))
	return digest, there, err
}

// converted is the digest of the source in another form.
func (p *Publisher) converted(ctx context.Context, w *registrykind.Image, source name.Reference, records []record) (v1.Hash, error) {
	for _, r := range records {
		had, err := registrykind.ParseImage(r.Documents)
		if err == nil && had.Source == w.Source && had.Format == w.Format {
			return r.Image, nil
		}
	}
	from, err := p.client.image(ctx, source)
	var none *NoImageError
	if errors.As(err, &none) {
		return v1.NewHash(source.Identifier())
	}
	if err != nil {
		return v1.Hash{}, err
	}
	image, err := imageformat.Convert(from, w.Format, "")
	if err != nil {
		return v1.Hash{}, fmt.Errorf("%s: %w", w.Source, err)
	}
	return image.Digest()
}

func (p *Publisher) deliver(ctx context.Context, w *registrykind.Image, say func(string)) error {
	source, err := parseReference(w.Source)
	if err != nil {
		return err
	}
	if _, err := p.client.copy(ctx, source, p.repository, CopyOptions{Format: w.Format, Progress: say}); err != nil {
		return fmt.Errorf("copy %s to %s: %w", w.Source, p.called, err)
	}
	return nil
}

// prune deletes the oldest records but one less than are kept. Where that is
// refused, they stay.
func (p *Publisher) prune(ctx context.Context, records []record) {
	for n, r := range records {
		if n >= publish.KeepRevisions-1 {
			if err := p.forget(ctx, r); err != nil {
				return
			}
		}
	}
}

// withoutContext is err without what says only that a context ended.
func withoutContext(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var left []error
		for _, e := range joined.Unwrap() {
			left = append(left, withoutContext(e))
		}
		return errors.Join(left...)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
