//go:build integration

package hostile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
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
	content := bkllb.Mkfile("/link", 0o644, []byte("theirs")).
		Mkfile("/dangling", 0o644, []byte("theirs")).
		Mkdir("/dir", 0o755).Mkfile("/dir/file", 0o644, []byte("theirs")).
		Mkdir("/deep", 0o755).Mkdir("/deep/er", 0o755).Mkfile("/deep/er/file", 0o644, []byte("theirs"))
	def, err := bkllb.Scratch().File(content).Marshal(t.Context(), bkllb.Platform(shared.Builder.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = shared.Builder.Client.Solve(t.Context(), def, client.SolveOpt{
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

// TestLayoutOverLinks exports an image and a cache to folders, and imports a cache,
// that have links where an OCI image layout has its files, as in a repository that
// has its output folder.
func TestLayoutOverLinks(t *testing.T) {
	for _, link := range []string{"oci-layout", "index.json", "index.json.lock", "blobs", "blobs/sha256", "ingest", "ingest/x/data"} {
		for _, what := range []string{"output", "cache-to", "cache-from"} {
			t.Run(what+" "+link, func(t *testing.T) {
				victim, out := t.TempDir(), t.TempDir()
				file := filepath.Join(victim, "file")
				to := victim
				if filepath.Ext(link) != "" || link == "oci-layout" || filepath.Base(link) == "data" {
					to = file
				}
				err := errors.Join(
					os.WriteFile(file, []byte("of the machine"), 0o600),
					os.MkdirAll(filepath.Dir(filepath.Join(out, link)), 0o755),
					os.Symlink(to, filepath.Join(out, link)),
				)
				if err != nil {
					t.Fatal(err)
				}
				p := shared.Tiny(t, "")
				_, refused := p.Start(t, func(o *build.Options) {
					switch o.Target = frontend.OutputLock; what {
					case "output":
						o.Target = ""
						o.Exports = []client.ExportEntry{{Type: client.ExporterOCI, OutputDir: out, Attrs: map[string]string{"tar": "false"}}}
					case "cache-to":
						o.CacheTo = []string{"type=local,dest=" + out}
					case "cache-from":
						o.CacheFrom = []string{"type=local,src=" + out}
					}
				})
				entries, readErr := os.ReadDir(victim)
				text, fileErr := os.ReadFile(file)
				if err := errors.Join(readErr, fileErr); err != nil || len(entries) != 1 || string(text) != "of the machine" {
					t.Errorf("where the link leads to there is %v, and the file has %q (%v)", entries, text, err)
				}
				if refused != nil && strings.Contains(refused.Error(), "of the machine") {
					t.Errorf("the error has what the link leads to: %v", refused)
				}
				buildtest.WantError(t, refused, what, filepath.Join(out, link)+" is a link", "remove it")
			})
		}
	}
}
