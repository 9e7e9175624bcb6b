package registryclient

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Mount asks a registry to let a repository have blobs of another one of its
// repositories: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository.
// A blob that the registry does not mount is left out: who needs it uploads it.
func Mount(ctx context.Context, to, from name.Repository, blobs []v1.Hash) error {
	t, err := login(ctx, to, to.Scope(transport.PushScope), from.Scope(transport.PullScope))
	if err != nil {
		return err
	}
	u := &Uploader{to, &http.Client{Transport: t}}
	for _, blob := range blobs {
		there, err := u.Has(ctx, blob)
		if err == nil && !there {
			err = u.mount(ctx, from, blob)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *Uploader) mount(ctx context.Context, from name.Repository, blob v1.Hash) error {
	query := url.Values{"mount": {blob.String()}, "from": {from.RepositoryStr()}}
	resp, err := u.do(ctx, http.MethodPost, u.url("blobs/uploads/?"+query.Encode()), nil, nil, http.StatusCreated, http.StatusAccepted)
	if err != nil || resp.StatusCode == http.StatusCreated {
		return err
	}
	// Instead of a mount the registry has begun an upload, which nobody continues.
	at, err := next(resp)
	if err == nil {
		_, err = u.do(ctx, http.MethodDelete, at, nil, nil, http.StatusNoContent, http.StatusOK, http.StatusAccepted, http.StatusNotFound, http.StatusMethodNotAllowed)
	}
	return err
}
