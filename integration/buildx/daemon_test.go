//go:build integration

package buildx

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/client"
)

// builder is a BuildKit that buildx knows.
type builder struct{ name, address string }

// register makes a BuildKit known to buildx.
func register(name, address string) (builder, error) {
	c := buildxCommand(context.Background(), nil, "create", "--name", name, "--driver", "remote", address)
	if out, err := c.CombinedOutput(); err != nil {
		return builder{}, fmt.Errorf("buildx create: %w\n%s", err, out)
	}
	return builder{name, address}, nil
}

// coldBuilder is another builder with empty caches, which ends with the test.
func coldBuilder(t *testing.T, name string) builder {
	t.Helper()
	d, err := lab.StartDaemon(filepath.Join(shared.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	b, err := register(name, d.Address)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dial is a client of BuildKit's own.
func (b builder) dial(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(t.Context(), b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return c
}
