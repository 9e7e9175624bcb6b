//go:build integration

package registrytarget

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/registry"
)

// at is when the tests deploy.
var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// endpoint is an endpoint in a repository.
type endpoint struct {
	*registry.Publisher
	target deployfile.Target
}

func open(t *testing.T, repository, format string, tags ...string) *endpoint {
	t.Helper()
	if format == "" {
		format = deployfile.FormatOCI
	}
	target := deployfile.Target{Name: "hub", Kind: "registry", Endpoint: "iris-hub", Image: repository, Format: format, Spec: &registrykind.Spec{Tags: tags}}
	p, err := registry.Open(context.Background(), registry.Options{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return &endpoint{Publisher: p, target: target}
}

func (e *endpoint) release(image string) manifests.Release {
	return manifests.Release{Model: "iris", Target: e.target, Image: image, Port: 8080, User: "65532:65532"}
}

func (e *endpoint) options() publish.Options {
	return publish.Options{By: "ada@example", At: at}
}

func (e *endpoint) try(ctx context.Context, image string) (*publish.Outcome, error) {
	return publish.Deploy(ctx, e, e.release(image), e.options())
}

func (e *endpoint) deploy(t *testing.T, image string) *publish.Outcome {
	t.Helper()
	out, err := e.try(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (e *endpoint) numbers(t *testing.T) []int {
	t.Helper()
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, r := range revisions {
		out = append(out, r.Number)
	}
	return out
}

func (e *endpoint) status(t *testing.T) *publish.Status {
	t.Helper()
	s, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func digestIn(image string) string { return image[strings.Index(image, "@")+1:] }
