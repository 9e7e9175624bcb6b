package modelstore

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
)

// modelFile is the file that every model has.
const modelFile = "MLmodel"

// unpack puts the files of a downloaded archive into the cache, and finds the model among
// them.
func (a *archive) unpack(ctx context.Context) error {
	if a.files != nil {
		return nil
	}
	cache, err := a.cache()
	if err != nil {
		return err
	}
	f, err := cache.OpenFile(a.file.SHA256)
	if err != nil {
		return err
	}
	defer f.Close()
	u := newUnpacker(ctx, cache, a.file)
	if err := u.read(f, a.file.Size); err != nil {
		return fmt.Errorf("%s: %w", a.client.host, err)
	}
	root, files, err := u.model()
	if err != nil {
		return fmt.Errorf("%s: %w", a.client.host, err)
	}
	a.root, a.files = root, files
	return nil
}

// unpacker puts the files of an archive into a cache.
type unpacker struct {
	ctx     context.Context
	cache   *modelcache.Cache
	archive string
	// unpacked counts what the archive unpacks to, total what its files have together:
	// that is more where a file is sparse, or where links lead to it.
	unpacked, total *untrusted.Unpacked
	files           map[string]File
	// links are the targets of links, relative to the archive's root.
	links map[string]string
}

func newUnpacker(ctx context.Context, cache *modelcache.Cache, archive modelsource.File) *unpacker {
	return &unpacker{
		ctx: ctx, cache: cache, archive: archive.SHA256,
		unpacked: untrusted.NewUnpacked(archive.Size, errUnpacked), total: untrusted.NewUnpacked(archive.Size, errUnpacked),
		files: map[string]File{}, links: map[string]string{},
	}
}

// entryError reports an entry of an archive that is refused.
type entryError struct {
	// Name is the entry's, Why what is wrong with it; Of is "" for an archive.
	Name, Why, Of string
}

// Error names the entry.
func (e *entryError) Error() string {
	return fmt.Sprintf("the file %q of the %s %s", e.Name, cmp.Or(e.Of, "archive"), e.Why)
}

var errUnpacked = fmt.Errorf("the archive unpacks to more than %d times its size", untrusted.MaxRatio)

var errNoArchive = errors.New("it is no archive: tar, tar.gz and zip are read")

// read reads an archive, whose form its first bytes tell.
func (u *unpacker) read(f *os.File, size int64) error {
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return u.zip(f, size)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		return u.tar(z)
	case len(head) == 512 && string(head[257:262]) == "ustar":
		return u.tar(f)
	}
	return errNoArchive
}

// bound returns a reader of what an archive unpacks to, which ends where that gets too
// large.
func (u *unpacker) bound(r io.Reader) io.Reader {
	return u.unpacked.Reader(untrusted.WithContext(u.ctx, r))
}

func (u *unpacker) tar(r io.Reader) error {
	for t := tar.NewReader(u.bound(r)); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the archive cannot be read: %w", err)
		}
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
		case tar.TypeDir:
			if name := strings.TrimSuffix(h.Name, "/"); name != "." && name != "" {
				_, err = entryName(name)
			}
		case tar.TypeReg:
			err = u.add(h.Name, h.Size, t)
		case tar.TypeLink:
			err = u.link(h.Name, path.Clean(h.Linkname))
		case tar.TypeSymlink:
			to := path.Join(path.Dir(path.Clean(h.Name)), h.Linkname)
			if path.IsAbs(h.Linkname) {
				to = h.Linkname
			}
			err = u.link(h.Name, to)
		default:
			err = &entryError{Name: h.Name, Why: "is neither a file, a directory nor a link"}
		}
		if err != nil {
			return err
		}
	}
}

// entryName returns an entry's name without "./" before it. It refuses what is not a path
// below the archive's root.
func entryName(name string) (string, error) {
	short := strings.TrimPrefix(name, "./")
	switch {
	case terminal.Obeys(name):
		return "", &entryError{Name: name, Why: "has a control character or invalid UTF-8 in its name"}
	case strings.Contains(name, `\`):
		return "", &entryError{Name: name, Why: "has a backslash in its name"}
	case len(name) > maxName:
		return "", &entryError{Name: name[:200] + "…", Why: fmt.Sprintf("has a name of more than %d bytes", maxName)}
	case !filepath.IsLocal(short) || short != path.Clean(short):
		return "", &entryError{Name: name, Why: "leads out of the model's directory"}
	}
	return short, nil
}

// claim refuses a second entry of a name, and too many.
func (u *unpacker) claim(name string) (string, error) {
	short, err := entryName(name)
	if err != nil {
		return "", err
	}
	_, file := u.files[short]
	_, link := u.links[short]
	switch {
	case file || link:
		return "", &entryError{Name: name, Why: "is in it twice"}
	case len(u.files)+len(u.links) == maxFiles:
		return "", fmt.Errorf("the archive has more than %d files", maxFiles)
	}
	return short, nil
}

// add puts a file into the cache.
func (u *unpacker) add(name string, size int64, r io.Reader) error {
	short, err := u.claim(name)
	if err != nil {
		return err
	}
	if err := u.total.Count(size); err != nil {
		return err
	}
	p, err := u.cache.Begin(u.ctx, "archive\x00"+u.archive+"\x00"+short)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Restart(); err != nil {
		return err
	}
	if _, err := io.Copy(p, io.LimitReader(r, size+1)); err != nil {
		return fmt.Errorf("the file %q of the archive: %w", short, err)
	}
	if p.Offset != size {
		return &entryError{Name: name, Why: fmt.Sprintf("has other than the %d bytes that the archive says", size)}
	}
	u.files[short] = File{Path: short, Size: size, SHA256: p.Sum()}
	return p.Commit()
}

func (u *unpacker) link(name, to string) error {
	short, err := u.claim(name)
	if err != nil {
		return err
	}
	if !filepath.IsLocal(to) || terminal.Obeys(to) || len(to) > maxName {
		return &entryError{Name: name, Why: "is a link to something outside of the model's directory"}
	}
	u.links[short] = to
	return nil
}

// model returns the directory of the archive that has an MLmodel, and its files. A link
// is the file that it leads to.
func (u *unpacker) model() (root string, files []File, err error) {
	for name, to := range u.links {
		for hops := 0; u.links[to] != "" && hops < maxDepth; hops++ {
			to = u.links[to]
		}
		f, ok := u.files[to]
		if !ok {
			return "", nil, &entryError{Name: name, Why: fmt.Sprintf("is a link to %q, which is no file of the archive", u.links[name])}
		}
		if err := u.total.Count(f.Size); err != nil {
			return "", nil, err
		}
		f.Path = name
		u.files[name] = f
	}
	var roots []string
	for name := range u.files {
		if dir, file := path.Split(name); file == modelFile && strings.Count(dir, "/") <= 1 {
			roots = append(roots, strings.TrimSuffix(dir, "/"))
		}
	}
	slices.Sort(roots)
	switch {
	case len(roots) == 0:
		return "", nil, errors.New("the archive has no MLmodel, neither in its root nor in a directory there")
	case roots[0] != "" && len(roots) > 1:
		return "", nil, fmt.Errorf("the archive has the models %q and %q; it must have one", roots[0], roots[1])
	}
	root = roots[0]
	for name, f := range u.files {
		if root != "" {
			below, ok := strings.CutPrefix(name, root+"/")
			if !ok {
				continue // beside the model
			}
			f.Path = below
		}
		files = append(files, f)
	}
	files, err = listed(files)
	return root, files, err
}
