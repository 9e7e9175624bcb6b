package registryclient

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// CopyOptions say what a copy is to be.
type CopyOptions struct {
	// Format is the form that the copy gets, one of package imageformat's; ""
	// is imageformat.OCI.
	Format string
	// Progress is told what happens, a line each; nil if nobody is.
	Progress func(line string)
}

// Copy copies an image to a repository of the same or another registry, where
// nothing but its digest names it, and returns that. All platforms and
// attestations come along, and the artifacts that refer to it (OCI referrers),
// unless Format says otherwise. What the repository has is not sent again, and
// what its registry has elsewhere is mounted.
func (c *Client) Copy(ctx context.Context, source name.Reference, to name.Repository, o CopyOptions) (v1.Hash, error) {
	from, err := c.Image(ctx, source)
	if err != nil {
		return v1.Hash{}, err
	}
	image, err := imageformat.Convert(from, o.Format)
	if err != nil {
		return v1.Hash{}, err
	}
	digest, err := image.Digest()
	if err != nil {
		return v1.Hash{}, err
	}
	if err := c.push(ctx, image, to.Digest(digest.String()), o.Progress); err != nil {
		return v1.Hash{}, err
	}
	if (o.Format == "" || o.Format == imageformat.OCI) && source.Context().Name() != to.Name() {
		err = c.copyReferrers(ctx, image, source.Context(), to)
	}
	return digest, err
}

// push sends an image, unless it is there.
func (c *Client) push(ctx context.Context, image imageformat.Image, to name.Digest, say func(string)) error {
	_, there, err := c.Digest(ctx, to)
	if there || err != nil {
		return err
	}
	total, err := size(image)
	if err != nil {
		return err
	}
	updates := make(chan v1.Update)
	pusher, err := remote.NewPusher(options(remote.WithProgress(updates))...)
	if err != nil {
		return err
	}
	done, reported := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reported)
		report(updates, done, total, to.Context().Name(), say)
	}()
	err = pusher.Push(ctx, to, image)
	close(done)
	<-reported
	return err
}

// size returns the number of bytes of an image's blobs, each counted once. It is asked
// before anything is sent, and refuses an image that is too large to be read.
func size(image imageformat.Image) (int64, error) {
	blobs := map[v1.Hash]int64{}
	if err := addBlobs(blobs, image); err != nil {
		return 0, err
	}
	var total int64
	for _, n := range blobs {
		total += n
	}
	return total, nil
}

func addBlobs(blobs map[v1.Hash]int64, image imageformat.Image) error {
	return walk(image, func(one imageformat.Image) error {
		i, ok := one.(v1.Image)
		if !ok {
			return nil
		}
		m, err := i.Manifest()
		if err != nil {
			return err
		}
		if err := imageformat.CheckConfig(m.Config.Size); err != nil {
			return err
		}
		for _, d := range append(m.Layers, m.Config) {
			blobs[d.Digest] = d.Size
		}
		return nil
	})
}

// maxManifests is how many manifests and indexes of one image are copied, and how
// many artifacts that refer to it, and to each other.
const maxManifests = 1000

// walk visits an image, or an index and all that is in it, each once: an index may
// name another twice, and that one the next.
func walk(image imageformat.Image, visit func(imageformat.Image) error) error {
	return walkOnce(image, visit, map[v1.Hash]bool{})
}

func walkOnce(image imageformat.Image, visit func(imageformat.Image) error, seen map[v1.Hash]bool) error {
	if err := visit(image); err != nil {
		return err
	}
	index, ok := image.(v1.ImageIndex)
	if !ok {
		return nil
	}
	m, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, d := range m.Manifests {
		if seen[d.Digest] {
			continue
		}
		if len(seen) == maxManifests {
			return &untrusted.AnswerError{Limit: fmt.Sprintf("%d manifests of one image", maxManifests)}
		}
		seen[d.Digest] = true
		var child imageformat.Image
		switch {
		case d.MediaType.IsIndex():
			child, err = index.ImageIndex(d.Digest)
		case d.MediaType.IsImage():
			child, err = index.Image(d.Digest)
		default:
			continue
		}
		if err != nil {
			return err
		}
		if err := walkOnce(child, visit, seen); err != nil {
			return err
		}
	}
	return nil
}
