package deploy

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/resolver"
)

// TestWorkingDir has the server of a mounted model start where it does in an image with
// the model: not beside a file that it would import in the place of a package.
func TestWorkingDir(t *testing.T) {
	for file, want := range map[string]string{"humanize.py": "/", "model.pkl": "", "": ""} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "Deployfile"), []byte("[model]\nname = \"a\"\nsource = \"model\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if file != "" {
			digest := "sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"
			lock := &resolver.Lock{
				Version: resolver.LockVersion, Base: resolver.Image{Ref: "python:3.11", Digest: digest, Python: "/usr/bin/python3.11", PythonVersion: "3.11"}, Toolchain: resolver.Image{Ref: "python:3.11", Digest: digest, Python: "/usr/bin/python3.11", PythonVersion: "3.11"},
				Platforms: []resolver.Platform{{Name: "linux/amd64", Pylock: "pylock.toml", Glibc: "2.36", Wheels: &resolver.WheelFiles{Modules: []string{"humanize"}}}},
				Model:     []resolver.ModelFile{{Path: file, SHA256: digest[len("sha256:"):]}},
			}
			data, err := lock.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "Deployfile.lock"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p, err := build.OpenProject(t.Context(), dir, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := workingDir(t.Context(), p); err != nil || got != want {
			t.Errorf("with %q: %q, %v", file, got, err)
		}
	}
}
