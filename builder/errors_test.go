//go:build linux && integration

package builder_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
)

func TestFindErrors(t *testing.T) {
	script := func(text string) func(*testing.T, *builder.Options) {
		return func(t *testing.T, o *builder.Options) {
			o.Buildkitd = filepath.Join(t.TempDir(), "buildkitd")
			if err := os.WriteFile(o.Buildkitd, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name  string
		setUp func(*testing.T, *builder.Options)
		want  []string
	}{
		{"nothing there", func(t *testing.T, o *builder.Options) {
			o.Buildkitd = ""
			t.Setenv("PATH", t.TempDir())
		}, []string{
			"embedded: buildkitd not found beside deployfile nor on PATH: start Docker",
			"runc not found on PATH: run apt install runc",
		}},
		{"chosen engine missing", func(t *testing.T, o *builder.Options) {
			o.Kind = ""
			t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
		}, []string{
			"remote: no address given (BUILDKIT_HOST or --builder)",
			"docker: no Docker engine at unix:///nonexistent/docker.sock: ",
			"embedded: not tried, because DOCKER_HOST chooses a Docker engine",
		}},
		{"given program missing", func(t *testing.T, o *builder.Options) {
			o.Buildkitd = "/nonexistent/buildkitd"
		}, []string{"buildkitd not found at /nonexistent/buildkitd: "}},
		{"daemon that fails", script("echo the reason; exit 3"), []string{
			"buildkitd did not start: its supervisor ended: exit status 1",
			"buildkitd.log:\n  the reason\n",
			"buildkitd exited: exit status 3",
		}},
		{"full disk at the start", script("echo write: no space left on device; exit 1"), []string{
			"no space left on the disk of the embedded builder",
			"`deployfile builder prune`",
		}},
		{"really full disk at the start", func(t *testing.T, o *builder.Options) {
			mountTmpfs(t, o.StateDir, "size=64k,mode=0700")
		}, []string{"no space left on the disk of the embedded builder"}},
		{"directory open to others", func(t *testing.T, o *builder.Options) {
			if err := os.Mkdir(o.StateDir, 0o755); err != nil {
				t.Fatal(err)
			}
		}, []string{"is open to other users (mode 0755): run chmod 700 "}},
		{"directory of another user", func(t *testing.T, o *builder.Options) {
			if err := errors.Join(os.Mkdir(o.StateDir, 0o700), os.Chown(o.StateDir, 65534, -1)); err != nil {
				t.Fatal(err)
			}
		}, []string{"belongs to another user"}},
		{"directory that is a link", func(t *testing.T, o *builder.Options) {
			if err := os.Symlink(t.TempDir(), o.StateDir); err != nil {
				t.Fatal(err)
			}
		}, []string{"is not a directory"}},
		{"unknown scheme", func(_ *testing.T, o *builder.Options) {
			o.Address = "/run/buildkit/buildkitd.sock"
		}, []string{`"/run/buildkit/buildkitd.sock" is neither docker nor embedded, nor starts with one of unix://, tcp://, docker-container://, kube-pod://, ssh://`}},
		{"nobody at the address", func(_ *testing.T, o *builder.Options) {
			o.Address = "unix:///nonexistent/buildkitd.sock"
		}, []string{"remote: no BuildKit answers at unix:///nonexistent/buildkitd.sock: "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options(t)
			test.setUp(t, &o)
			b, err := builder.Find(t.Context(), o)
			if err == nil {
				b.Close()
				t.Fatal("found a builder")
			}
			var missing *builder.NotFoundError
			if !errors.As(err, &missing) {
				t.Errorf("%T is not a NotFoundError", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in:\n%v", want, err)
				}
			}
		})
	}
}

// A file larger than the disk that the cache is on.
func TestDiskFull(t *testing.T) {
	o := options(t)
	mountTmpfs(t, o.StateDir, "size=16m,mode=0700")
	b := find(t, o)
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		// Before the disk goes.
		if _, err := builder.StopEmbedded(t.Context(), o); err != nil {
			t.Error(err)
		}
	}()
	large := t.TempDir()
	if err := os.WriteFile(filepath.Join(large, "large"), make([]byte, 24<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := fsutil.NewFS(large)
	if err != nil {
		t.Fatal(err)
	}
	def, err := bkllb.Scratch().File(bkllb.Copy(bkllb.Local("large"), "/", "/")).Marshal(t.Context(), bkllb.Platform(b.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Client.Solve(t.Context(), def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"large": dir}}, nil)
	var full *builder.DiskFullError
	if !errors.As(b.Explain(err), &full) || full.Dir != o.StateDir || full.Local {
		t.Errorf("%v was explained as %v", err, b.Explain(err))
	}
}

// mountTmpfs makes a directory that is a small disk for the length of the test.
func mountTmpfs(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestExplain(t *testing.T) {
	o := options(t)
	b := find(t, o)
	other := errors.New("exit code: 1")
	if got := b.Explain(other); got != other {
		t.Errorf("%v became %v", other, got)
	}
	if got := b.Explain(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
	var full *builder.DiskFullError
	if err := b.Explain(fmt.Errorf("write image.tar: %w", syscall.ENOSPC)); !errors.As(err, &full) || !full.Local {
		t.Errorf("a full disk here was explained as %v", err)
	}
	remote := &builder.DiskFullError{Kind: builder.Remote, Address: "tcp://builder.example.com:1234", Err: other}
	if !strings.Contains(remote.Error(), "buildctl --addr tcp://builder.example.com:1234 prune") {
		t.Errorf("no next step in: %v", remote)
	}
}
