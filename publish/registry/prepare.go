package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/registryclient"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Prepare implements publish.Driver: it copies the image, which nothing names yet,
// so that the endpoint is locked no longer than its tags take to move. What was
// copied stays after a failure, and the next attempt sends the rest.
func (d *driver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	limited, cancel := context.WithTimeoutCause(ctx, p.Options.Timeout, fmt.Errorf("it was not copied within %s", p.Options.Timeout))
	defer cancel()
	r, err := d.prepare(limited, p)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, &publish.NotReadyError{Reason: context.Cause(limited).Error()}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (d *driver) prepare(ctx context.Context, p *publish.Plan) (*rollout, error) {
	w, err := d.wanted(p.Record.Documents)
	if err != nil {
		return nil, err
	}
	image, there, err := d.find(ctx, w, p.Earlier)
	if err != nil {
		return nil, err
	}
	r := &rollout{driver: d, plan: p, wanted: w, image: image}
	// A conflict is better found before a long copy than after it.
	moves, err := r.moves(ctx, d.recovered(p.Earlier))
	if err != nil {
		return nil, err
	}
	if !there {
		if err := d.copy(ctx, w, p.Options.Progress); err != nil {
			return nil, err
		}
	}
	p.Record.Facts = factsOf(image, moves)
	return r, nil
}

// find returns the digest that the image has in the repository, or will have there.
// It reads manifests only, and does not contact the source, which may be gone, if an
// earlier revision has copied the image. A source that does not exist yet, as in a
// diff before the first build, counts as having its format already.
func (d *driver) find(ctx context.Context, w *wanted, records []publish.Record) (digest v1.Hash, there bool, err error) {
	if digest, err = v1.NewHash(w.source.Identifier()); err != nil {
		return digest, false, fmt.Errorf("%s: %w", w.Source, err)
	}
	if w.Format != imageformat.OCI {
		if digest, err = d.converted(ctx, w, records); err != nil {
			return digest, false, err
		}
	}
	_, there, err = d.client.Digest(ctx, d.repository.Digest(digest.String()))
	return digest, there, err
}

// converted returns the digest of the source in the wanted format.
func (d *driver) converted(ctx context.Context, w *wanted, records []publish.Record) (v1.Hash, error) {
	for _, r := range records {
		had, err := registrykind.ParseImage(r.Documents)
		if image, ok := imageOf(r); ok && err == nil && had.Source == w.Source && had.Format == w.Format {
			return image, nil
		}
	}
	from, err := d.client.Image(ctx, w.source)
	var missing *registryclient.NoImageError
	if errors.As(err, &missing) {
		return v1.NewHash(w.source.Identifier())
	}
	if err != nil {
		return v1.Hash{}, err
	}
	image, err := imageformat.Convert(from, w.Format)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("%s: %w", w.Source, err)
	}
	return image.Digest()
}

func (d *driver) copy(ctx context.Context, w *wanted, say func(string)) error {
	if _, err := d.client.Copy(ctx, w.source, d.repository, registryclient.CopyOptions{Format: w.Format, Progress: say}); err != nil {
		return fmt.Errorf("copy %s to %s: %w", w.Source, d.called, err)
	}
	return nil
}
