package modelsource

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
)

// Layer is a blob of a registry with files of a model, as a lock pins it.
type Layer struct {
	// Digest is the blob's, Size its size in bytes.
	Digest string `toml:"digest" json:"digest"`
	Size   int64  `toml:"size" json:"size"`
	// Form is how it has its files: one of Forms.
	Form string `toml:"form" json:"form"`
	// Image is the digest of an image in the same repository that has this layer and
	// no other, as an image with the model has it; "" if there is none.
	Image string `toml:"image,omitempty" json:"image,omitempty"`
	// Files are the large files in it, or the one of a raw layer.
	Files []LayerFile `toml:"files,omitempty" json:"files,omitempty"`
}

// LayerFile is a file of a layer. The hash of one in a raw layer is the layer's digest;
// that of another was compared when the lock was made.
type LayerFile struct {
	Path       string `toml:"path" json:"path"`
	Size       int64  `toml:"size" json:"size"`
	SHA256     string `toml:"sha256" json:"sha256"`
	Executable bool   `toml:"executable,omitempty" json:"executable,omitempty"`
}

// FormRaw is the form of a layer that is a file. The other forms are archives.
const FormRaw = "raw"

// forms returns the forms that a layer may have.
func forms() []string { return []string{FormRaw, "tar", "tar+gzip", "tar+zstd"} }

func (f LayerFile) mode() fs.FileMode {
	if f.Executable {
		return 0o755
	}
	return 0o644
}

// Check refuses a layer that no lock has.
func (l Layer) Check() error {
	for _, d := range []string{l.Digest, l.Image} {
		if d != "" && (digest.Digest(d).Validate() != nil || digest.Digest(d).Algorithm() != digest.SHA256) {
			return fmt.Errorf("model layer %q: %q is not a sha256 digest", l.Digest, d)
		}
	}
	if l.Digest == "" || l.Size < 0 || !slices.Contains(forms(), l.Form) {
		return fmt.Errorf("model layer %q of the form %q and %d bytes is not valid", l.Digest, l.Form, l.Size)
	}
	if (l.Form == FormRaw || l.Image != "") && len(l.Files) == 0 || l.Form == FormRaw && len(l.Files) != 1 {
		return fmt.Errorf("model layer %q has no files", l.Digest)
	}
	for _, f := range l.Files {
		if err := (File{Path: f.Path, Size: f.Size, SHA256: f.SHA256}).Check(); err != nil {
			return err
		}
		if path.Clean(f.Path) != f.Path || l.Form == FormRaw && "sha256:"+f.SHA256 != l.Digest {
			return fmt.Errorf("model layer %q: file %q is not valid", l.Digest, f.Path)
		}
	}
	return nil
}

// Mounted is a layer of the image with the model, in a registry: files below
// imagespec.ModelDir. Whoever pushes the image to that registry need not move it.
type Mounted struct {
	State bkllb.State
	Files []LayerFile
}

// dir is the model's directory in the layer.
func (m Mounted) dir() string { return strings.TrimPrefix(imagespec.ModelDir, "/") }

// Layer returns the layer that has these files, in this order, and no others.
func (t Tree) Layer(files []string) (bkllb.State, bool) {
	for _, m := range t.Mounted {
		if slices.EqualFunc(m.Files, files, func(f LayerFile, name string) bool { return f.Path == name }) {
			return m.State, true
		}
	}
	return bkllb.State{}, false
}

// mountedAt returns where a file is that a mounted layer has.
func (t Tree) mountedAt(name string) (bkllb.State, string, bool) {
	for _, m := range t.Mounted {
		for _, f := range m.Files {
			if f.Path == name {
				return m.State, path.Join("/", m.dir(), name), true
			}
		}
	}
	return bkllb.State{}, "", false
}
