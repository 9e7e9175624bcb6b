package frontend

import (
	"context"
	"errors"
	"testing"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
)

// asked counts what a builder is asked of images, and fails the first time.
type asked struct {
	gwclient.Client
	times int
}

func (a *asked) ResolveImageConfig(context.Context, string, sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	if a.times++; a.times == 1 {
		return "", "", nil, errors.New("not now")
	}
	return "", digest.FromString("image"), []byte("{}"), nil
}

func TestImageIsResolvedOnce(t *testing.T) {
	client := &asked{}
	i := images{ui: &dockerui.Client{}, client: client, pulled: &pulled{all: map[string]pulledImage{}}}
	ref, err := reference.ParseNormalizedNamed("python")
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []struct {
		platform string
		times    int
		failed   bool
	}{{"linux/amd64", 1, true}, {"linux/amd64", 2, false}, {"linux/amd64", 2, false}, {"linux/arm64", 3, false}, {"linux/amd64", 3, false}} {
		p, err := platforms.Parse(want.platform)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = i.resolve(t.Context(), ref, p); (err != nil) != want.failed || client.times != want.times {
			t.Errorf("after %d calls the builder was asked %d times, error %v; want %d", n+1, client.times, err, want.times)
		}
	}
}
