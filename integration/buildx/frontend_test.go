//go:build integration

package buildx

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestFrontendImage looks at the frontend image, and makes it again on a builder
// that has never seen it.
func TestFrontendImage(t *testing.T) {
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		img := pullImage(t, shared.frontend, arch)
		files := filesOf(t, img)
		if len(files) != 1 || files["deployfile-frontend"] == nil {
			t.Errorf("the image for %s has %d files", arch, len(files))
			continue
		}
		program, err := elf.NewFile(bytes.NewReader(files["deployfile-frontend"]))
		if err != nil {
			t.Fatal(err)
		}
		if program.Machine != machine || program.Section(".interp") != nil {
			t.Errorf("the program for %s is for %s, or not static", arch, program.Machine)
		}
		labels := configOf(t, img).Config.Labels
		got := map[string]string{}
		for _, name := range []string{"moby.buildkit.frontend.network.none", "moby.buildkit.frontend.caps"} {
			got[name] = labels[name]
		}
		want := map[string]string{
			"moby.buildkit.frontend.network.none": "true",
			"moby.buildkit.frontend.caps":         "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("labels for %s:\n%s", arch, d)
		}
	}

	dir := t.TempDir()
	layout := filepath.Join(dir, "again")
	if err := makeFrontend(filepath.Join(dir, "bin"), layout, coldBuilder(t, "repeat").address); err != nil {
		t.Fatal(err)
	}
	ref := shared.registry.Host + "/deployfile/frontend:again"
	if err := lab.PushLayout(layout, ref); err != nil {
		t.Fatal(err)
	}
	if was, is := lab.Pull(t, shared.frontend).Digest, lab.Pull(t, ref).Digest; was != is {
		t.Errorf("the frontend image is %s, and made again %s", was, is)
	}
}

// filesOf are the files of all layers of an image, by name.
func filesOf(t *testing.T, img v1.Image) map[string][]byte {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, l := range layers {
		content, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for archive := tar.NewReader(content); ; {
			h, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Typeflag == tar.TypeReg {
				if out[h.Name], err = io.ReadAll(archive); err != nil {
					t.Fatal(err)
				}
			}
		}
		content.Close()
	}
	return out
}
