//go:build linux && integration

package builder_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
)

// TestTemporaryFiles looks for what BuildKit leaves of the mount of a single file:
// once nothing builds any more, after the builder stopped, and after it was killed and
// started again.
func TestTemporaryFiles(t *testing.T) {
	o := options(t)
	b := find(t, o)
	mountFile(t, b)
	if left := temporary(t, o.StateDir); len(left) == 0 {
		t.Error("BuildKit has left nothing: TMPDIR need not be removed any more")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing left while the builder idles", func() bool { return len(temporary(t, o.StateDir)) == 0 })
	if _, err := builder.StopEmbedded(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if left := temporary(t, o.StateDir); len(left) != 0 {
		t.Errorf("after the builder stopped: %q", left)
	}

	mountFile(t, find(t, o))
	kill(t, status(t, o).PID)
	eventually(t, "no buildkitd", func() bool { return len(processes(t, o)) == 0 })
	find(t, o)
	if left := temporary(t, o.StateDir); len(left) != 0 {
		t.Errorf("after the builder was killed and started again: %q", left)
	}
}

// mountFile runs a step with a single file mounted.
func mountFile(t *testing.T, b *builder.Builder) {
	t.Helper()
	file := bkllb.Scratch().File(bkllb.Mkfile("/hello", 0o644, []byte("world")))
	run := selfRoot().Run(bkllb.Args([]string{"/self", "probe"}), bkllb.Network(bkllb.NetModeNone), bkllb.IgnoreCache,
		bkllb.AddMount("/hello", file, bkllb.SourcePath("/hello"), bkllb.Readonly), bkllb.AddMount("/out", bkllb.Scratch()))
	def, err := run.Root().Marshal(t.Context(), bkllb.Platform(b.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Client.Solve(t.Context(), def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"self": selfFS(t)}}, nil); err != nil {
		t.Fatal(err)
	}
}

// temporary lists the directories below dir, but for snapshots, that BuildKit made
// to mount something.
func temporary(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case path == filepath.Join(dir, "root"):
			return fs.SkipDir
		case strings.HasPrefix(d.Name(), "buildkit-mount"):
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
