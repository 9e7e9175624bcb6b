package integration

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
)

// TestExportOverLinks exports a folder to where links lie that lead out of it, as in
// a repository that has its output folder: the links are replaced, and nothing is
// written where they lead.
func TestExportOverLinks(t *testing.T) {
	victim := t.TempDir()
	if err := os.WriteFile(filepath.Join(victim, "file"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	err := errors.Join(
		os.Symlink(filepath.Join(victim, "file"), filepath.Join(out, "link")),
		os.Symlink(victim, filepath.Join(out, "dir")),
		os.Mkdir(filepath.Join(out, "deep"), 0o755),
		os.Symlink(victim, filepath.Join(out, "deep", "er")),
		os.Symlink(filepath.Join(victim, "new"), filepath.Join(out, "dangling")),
	)
	if err != nil {
		t.Fatal(err)
	}
	content := llb.Mkfile("/link", 0o644, []byte("theirs")).
		Mkfile("/dangling", 0o644, []byte("theirs")).
		Mkdir("/dir", 0o755).Mkfile("/dir/file", 0o644, []byte("theirs")).
		Mkdir("/deep", 0o755).Mkdir("/deep/er", 0o755).Mkfile("/deep/er/file", 0o644, []byte("theirs"))
	def, err := llb.Scratch().File(content).Marshal(t.Context(), llb.Platform(shared.builder.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = shared.builder.Client.Solve(t.Context(), def, client.SolveOpt{
		Exports: []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(victim); err != nil || len(entries) != 1 {
		t.Errorf("where the links led to there is %v (%v)", entries, err)
	}
	if text, err := os.ReadFile(filepath.Join(victim, "file")); err != nil || string(text) != "mine" {
		t.Errorf("the file that a link led to is %q (%v)", text, err)
	}
	for _, name := range []string{"link", "dangling", "dir/file", "deep/er/file"} {
		if text, err := os.ReadFile(filepath.Join(out, name)); err != nil || string(text) != "theirs" {
			t.Errorf("%s is %q (%v)", name, text, err)
		}
	}
}
