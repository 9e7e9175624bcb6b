package registryclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// copyReferrers copies the artifacts that refer to an image, to what is in it,
// or to another such artifact: signatures, SBOMs and the like. The
// records of deployments stay where they were made.
func (c *Client) copyReferrers(ctx context.Context, image imageformat.Image, from, to name.Repository) error {
	seen := map[v1.Hash]bool{}
	return walk(image, func(one imageformat.Image) error {
		digest, err := one.Digest()
		if err != nil {
			return err
		}
		return c.copyReferrersOf(ctx, digest, from, to, seen)
	})
}

func (c *Client) copyReferrersOf(ctx context.Context, digest v1.Hash, from, to name.Repository, seen map[v1.Hash]bool) error {
	if seen[digest] {
		return nil
	}
	seen[digest] = true
	list, err := referrers(ctx, from.Digest(digest.String()))
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.ArtifactType == imagespec.RecordType || seen[d.Digest] {
			continue
		}
		artifact, err := c.Image(ctx, from.Digest(d.Digest.String()))
		var gone *NoImageError
		if errors.As(err, &gone) {
			continue // the list is older than the artifact's deletion
		}
		if err != nil {
			return err
		}
		if len(seen) >= maxManifests {
			return fmt.Errorf("what refers to %s: %w", from.Digest(digest.String()), &untrusted.AnswerError{Limit: fmt.Sprintf("%d artifacts", maxManifests)})
		}
		if _, err := size(artifact); err != nil {
			return err
		}
		if err := c.Pusher.Push(ctx, to.Digest(d.Digest.String()), artifact); err != nil {
			return err
		}
		if err := c.copyReferrersOf(ctx, d.Digest, from, to, seen); err != nil {
			return err
		}
	}
	return nil
}

// referrers lists what refers to a manifest; nothing where the registry does
// not want to be asked.
func referrers(ctx context.Context, of name.Digest) ([]v1.Descriptor, error) {
	index, err := remote.Referrers(of, options(remote.WithContext(ctx))...)
	if code := Status(err); code == http.StatusMethodNotAllowed || code == http.StatusForbidden || code == http.StatusNotImplemented {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	return m.Manifests, nil
}

// ForgetReferrer removes an artifact that was deleted from the list that
// registries without the referrers API keep below a tag:
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema.
func (c *Client) ForgetReferrer(ctx context.Context, repository name.Repository, subject, artifact v1.Hash) error {
	tag := repository.Tag(strings.Replace(subject.String(), ":", "-", 1))
	d, err := c.Puller.Get(ctx, tag)
	if IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var list v1.IndexManifest
	if err := json.Unmarshal(d.Manifest, &list); err != nil {
		return err
	}
	var left []v1.Descriptor
	for _, m := range list.Manifests {
		if m.Digest != artifact {
			left = append(left, m)
		}
	}
	switch {
	case len(left) == len(list.Manifests):
		return nil
	case len(left) == 0:
		return c.Remove(ctx, tag, d.Digest)
	}
	list.Manifests = left
	return c.Pusher.Put(ctx, tag, referrerList{list})
}

// referrerList is an index that can be put.
type referrerList struct{ manifest v1.IndexManifest }

var _ remote.Taggable = referrerList{}

// RawManifest implements remote.Taggable.
func (l referrerList) RawManifest() ([]byte, error) { return json.Marshal(l.manifest) }

// MediaType says what RawManifest is.
func (l referrerList) MediaType() (types.MediaType, error) { return types.OCIImageIndex, nil }
