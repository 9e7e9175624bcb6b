package modelpack

import (
	"archive/tar"
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/layering"
	"github.com/deployfile/deployfile/toolchain"
)

// layer is a blob to be: pieces of data and whole files, one after the other.
type layer struct {
	mediaType string
	// path is the file's in a layer that is one, "" otherwise.
	path string
	// files are the large files; mountable says that it is an image's layer.
	files     []File
	mountable bool
	parts     []part
	size      int64
}

// part is data, or the contents of a file.
type part struct {
	data []byte
	file *File
}

func (p part) size() int64 {
	if p.file != nil {
		return p.file.Size
	}
	return int64(len(p.data))
}

// layersOf spreads a model over layers: the small files together, then the large ones
// as the image has them, or, if raw, each as it is.
func layersOf(t *tree, raw bool) ([]*layer, error) {
	large := slices.DeleteFunc(slices.Clone(t.files), func(f File) bool { return !isLarge(f) })
	small := slices.DeleteFunc(slices.Clone(t.files), isLarge)
	root := strings.TrimPrefix(imagespec.ModelDir, "/")
	groups := layering.Spread(large, func(f File) string { return f.Path }, func(f File) int64 { return f.Size })
	if raw {
		root, groups = "", nil
	}
	first, err := archiveOf(configTar, root, small, t.dirs)
	if err != nil {
		return nil, err
	}
	out := []*layer{first}
	for _, g := range groups {
		var dirs []string
		for _, f := range g {
			dirs = append(dirs, parents(f.Path)...)
		}
		l, err := archiveOf(weightTar, root, g, dirs)
		if err != nil {
			return nil, err
		}
		l.files, l.mountable = g, true
		if len(g) == 1 {
			l.path = path.Join(root, g[0].Path)
		}
		out = append(out, l)
	}
	if raw {
		for _, f := range large {
			out = append(out, &layer{mediaType: weightRaw, path: f.Path, files: []File{f}, parts: []part{{file: &f}}, size: f.Size})
		}
	}
	return out, nil
}

func isLarge(f File) bool { return f.Link == "" && f.Size >= layering.Large }

// parents are the directories above a path, the uppermost first.
func parents(name string) []string {
	var out []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		out = append(out, dir)
	}
	slices.Reverse(out)
	return out
}

// archiveOf is a tar archive of files and directories below root, with the bytes that
// BuildKit's differ gives a layer with them: entries in the order in which a directory
// is walked, PAX, no owners' names, the time of all files of an image.
func archiveOf(mediaType, root string, files []File, dirs []string) (*layer, error) {
	type entry struct {
		name string
		file *File
	}
	var entries []entry
	if root != "" {
		for _, d := range append(parents(root), root) {
			entries = append(entries, entry{name: d})
		}
	}
	for _, d := range dirs {
		entries = append(entries, entry{name: path.Join(root, d)})
	}
	for _, f := range files {
		entries = append(entries, entry{path.Join(root, f.Path), &f})
	}
	slices.SortFunc(entries, func(a, b entry) int { return walked(a.name, b.name) })
	entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.name == b.name })
	l := &layer{mediaType: mediaType}
	for _, e := range entries {
		if err := l.add(e.name, e.file); err != nil {
			return nil, err
		}
	}
	// The end of an archive.
	l.data(make([]byte, 2*blockSize))
	return l, nil
}

// walked compares names by the order in which a walk comes by: a directory before what
// is in it, and that before the directory's next neighbour.
func walked(a, b string) int {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

const blockSize = 512

// add adds the header of an entry, and the contents of a file.
func (l *layer) add(name string, f *File) error {
	h := &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, ModTime: toolchain.Epoch(), Format: tar.FormatPAX}
	if f != nil {
		h.Typeflag, h.Name, h.Mode, h.Size = tar.TypeReg, name, 0o644, f.Size
		if f.Executable {
			h.Mode = 0o755
		}
	}
	if f != nil && f.Link != "" {
		h.Typeflag, h.Linkname, h.Mode, h.Size = tar.TypeSymlink, f.Link, 0o777, 0
	}
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(h); err != nil {
		return &FileError{name, "cannot be in a tar archive: " + err.Error()}
	}
	l.data(b.Bytes())
	if h.Size > 0 {
		l.parts = append(l.parts, part{file: f})
		l.size += f.Size
		l.data(make([]byte, (blockSize-f.Size%blockSize)%blockSize))
	}
	return nil
}

// data adds data to the last part, if that is data.
func (l *layer) data(b []byte) {
	l.size += int64(len(b))
	if n := len(l.parts); n > 0 && l.parts[n-1].file == nil {
		l.parts[n-1].data = append(l.parts[n-1].data, b...)
		return
	}
	l.parts = append(l.parts, part{data: b})
}
