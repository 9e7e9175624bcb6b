package registryclient

import (
	"testing"

	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// TestWalkOnce walks an index that names another twice, which names the next twice,
// and so on.
func TestWalkOnce(t *testing.T) {
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: empty.Image})
	const levels = 30
	for range levels {
		index = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index}, mutate.IndexAddendum{Add: index})
	}
	visited := 0
	if err := walk(index, func(imageformat.Image) error { visited++; return nil }); err != nil {
		t.Fatal(err)
	}
	if visited != levels+2 {
		t.Errorf("%d indexes and images are visited, want %d", visited, levels+2)
	}
}

// TestLoopback asks a registry of this machine without TLS.
func TestLoopback(t *testing.T) {
	for repository, want := range map[string]string{
		"127.0.0.1:5000/iris": "http", "127.0.0.2:5000/iris": "http", "localhost:5000/iris": "http", "[::1]:5000/iris": "http",
		"registry.example.com/iris": "https", "registry.example.com:80/iris": "https",
	} {
		r, err := ParseRepository(repository)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Scheme(); got != want {
			t.Errorf("%s is asked by %s, want %s", repository, got, want)
		}
	}
}
