//go:build integration

package lock

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// supervise lets the test program be the supervisor of an embedded builder; ok is
// false if it is not to be one.
func supervise() (code int, ok bool) {
	if len(os.Args) < 2 || os.Args[1] != "builder-supervise" {
		return 0, false
	}
	o, err := builder.ParseSuperviseArgs(os.Args[2:])
	if err == nil {
		err = builder.Supervise(context.Background(), o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// embedded is an embedded builder that ends with the test.
func embedded(t *testing.T) *builder.Builder {
	t.Helper()
	// A socket's path has room for about a hundred characters.
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		t.Fatal(err)
	}
	o := builder.Options{Kind: builder.Embedded, StateDir: filepath.Join(dir, "b")}
	b, err := builder.Find(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if _, err := builder.StopEmbedded(ctx, o); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return b
}

// An index on the loopback of the machine is not for the steps of the embedded
// builder, unless whoever calls says so; and not for those of a build, whose files
// BuildKit fetches.
func TestLoopbackIndex(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone").On(embedded(t))
	o, err := p.TryLock(t, nil)
	if err == nil {
		t.Errorf("a step reached the machine's loopback:\n%s", lab.Tail(o.Log))
	} else if !strings.HasSuffix(err.Error(), "add --network host.") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	if x.AskedFor("dfone") {
		t.Error("the index was asked")
	}
	p.LockWith(t, func(o *build.Options) { o.Network = "host" })
	if lock := p.Read(t, "pylock.toml"); !strings.Contains(lock, "dfone") {
		t.Errorf("the lock:\n%s", lock)
	}
	img := p.Build(t)
	if other := p.On(shared.Second(t)).Build(t); other.Digest != img.Digest {
		t.Errorf("another builder makes another image: %s, not %s", other.Digest, img.Digest)
	}
	if _, _, err := p.TryBuild(t, func(o *build.Options) { o.Network = "bridge" }); err == nil || !strings.Contains(err.Error(), `"bridge" is not one of`) {
		t.Errorf("a network that there is not: %v", err)
	}
}
