package image

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/toolchain"
)

const (
	dpkgStatus   = "var/lib/dpkg/status"
	metadataFile = "METADATA"
	infoSuffix   = ".dist-info"
	// How a layer deletes a file of the layers below, and all files of a directory
	// (OCI image specification, layer.md).
	whiteout       = ".wh."
	opaqueWhiteout = ".wh..wh..opq"
)

// found is a file to compare.
type found struct {
	fact compare.Fact
	// system has the packages if the file is dpkg's list.
	system map[string]compare.Fact
}

// files has the files found in an image, by path.
type files map[string]found

// scanned is the result for one layer.
type scanned struct {
	files files
	// gone are the files and directories of lower layers that the layer deletes,
	// emptied the directories whose contents it deletes.
	gone, emptied []string

	spent *spent
}

func (p *Platform) scanLayer(ctx context.Context, l Layer) (*scanned, error) {
	s := &scanned{files: files{}, spent: p.spent}
	err := p.Walk(ctx, l, s.visit)
	return s, err
}

func (s *scanned) visit(h *tar.Header, content io.Reader) error {
	name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
	dir, file := path.Split(name)
	switch {
	case file == opaqueWhiteout:
		s.emptied = append(s.emptied, path.Clean(dir))
	case strings.HasPrefix(file, whiteout):
		s.gone = append(s.gone, path.Join(dir, strings.TrimPrefix(file, whiteout)))
	case name == dpkgStatus:
		// The text of each layer is kept until the layers are merged.
		err := s.spent.text(h.Size)
		var system map[string]compare.Fact
		if err == nil {
			system, err = readStatus(content)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.files[name] = found{system: system}
	case strings.HasPrefix(name, modelDir()):
		return s.model(name, h, content)
	case file == metadataFile && isInfo(path.Clean(dir)):
		s.files[path.Clean(dir)] = found{}
	}
	return nil
}

func (s *scanned) model(name string, h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeReg:
		hash := sha256.New()
		if _, err := io.Copy(hash, content); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		s.files[name] = found{fact: compare.Fact{Value: fmt.Sprintf("sha256:%x", hash.Sum(nil)), Size: h.Size}}
	case tar.TypeSymlink, tar.TypeLink:
		s.files[name] = found{fact: compare.Fact{Value: "link to " + h.Linkname}}
	}
	return nil
}

func modelDir() string { return strings.TrimPrefix(imagespec.ModelDir, "/") + "/" }

// isInfo reports whether a directory is the metadata of a package in the image's
// virtual environment (the core metadata specification's .dist-info).
func isInfo(dir string) bool {
	return strings.HasPrefix(dir, strings.TrimPrefix(toolchain.VirtualEnv, "/")+"/lib/") &&
		path.Base(path.Dir(dir)) == "site-packages" && strings.HasSuffix(dir, infoSuffix)
}

// fold merges layers; a layer that was not read is nil. It goes from the top
// down, so that it looks at each file once, however many layers delete
// something.
func fold(layers []*scanned) files {
	all := files{}
	above := hidden{gone: map[string]bool{}, emptied: map[string]bool{}}
	for _, l := range slices.Backward(layers) {
		if l == nil {
			continue
		}
		for name, f := range l.files {
			if _, replaced := all[name]; !replaced && !above.has(name) {
				all[name] = f
			}
		}
		for _, name := range l.gone {
			above.gone[name] = true
		}
		for _, name := range l.emptied {
			above.emptied[name] = true
		}
	}
	return all
}

// hidden has the files and directories that upper layers delete, and the
// directories whose contents they delete.
type hidden struct{ gone, emptied map[string]bool }

// has reports whether a file, or the package whose metadata directory it is,
// was deleted.
func (h hidden) has(name string) bool {
	if len(h.gone) == 0 && len(h.emptied) == 0 {
		return false
	}
	if h.gone[path.Join(name, metadataFile)] {
		return true
	}
	for ; name != "."; name = path.Dir(name) {
		if h.gone[name] || h.emptied[name] {
			return true
		}
	}
	return h.emptied[name]
}

func (f files) packages() map[string]compare.Fact {
	out := map[string]compare.Fact{}
	for dir := range f {
		if !isInfo(dir) {
			continue
		}
		name, version, _ := strings.Cut(strings.TrimSuffix(path.Base(dir), infoSuffix), "-")
		out[pypi.CanonPackageName(name)] = compare.Fact{Value: version}
	}
	return out
}

func (f files) model() map[string]compare.Fact {
	out := map[string]compare.Fact{}
	for name, x := range f {
		if rest, ok := strings.CutPrefix(name, modelDir()); ok {
			out[rest] = x.fact
		}
	}
	return out
}

// system returns the Debian packages; nil if no layer that was read lists them.
func (f files) system() map[string]compare.Fact { return f[dpkgStatus].system }

// maxStatusLine limits the lines of dpkg's list; longer lines are not relevant.
const maxStatusLine = 1 << 20

// readStatus reads dpkg's list of packages: paragraphs of "Key: value" lines
// (deb822(5)). It returns the installed packages.
func readStatus(r io.Reader) (map[string]compare.Fact, error) {
	out := map[string]compare.Fact{}
	var name, version string
	installed := false
	end := func() {
		if installed && name != "" {
			out[name] = compare.Fact{Value: version}
		}
		name, version, installed = "", "", false
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxStatusLine)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "":
			end()
		case "Package":
			name = value
		case "Version":
			version = value
		case "Status":
			installed = strings.HasSuffix(value, " installed")
		}
	}
	end()
	return out, lines.Err()
}
