package modelpack

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// The limits of what a layer may unpack to, besides those of untrusted.Unpacked.
const (
	maxEntries  = 200_000
	maxName     = 4096      // bytes of a path
	maxDepth    = 64        // directories of a path
	maxZstdSize = 128 << 20 // of a window in memory
)

// Pull writes the model into a directory, which is empty. Each layer is checked by its
// digest, and each large file by its own, while it is written.
func (a *Artifact) Pull(ctx context.Context, dir string, progress func(done, total int64)) (files int, err error) {
	if a.Image {
		return 0, &ArtifactError{a.Reference(), "is an image: name it in source of [model], or unpack it with a container engine"}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	down, err := registryclient.NewDownloader(ctx, a.Repository)
	if err != nil {
		return 0, err
	}
	p := &pull{Artifact: a, root: root, down: down, progress: progress, seen: map[string]bool{}, dirs: map[string]bool{}}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(uploads)
	for _, l := range a.Layers {
		eg.Go(func() error {
			if err := p.layer(ctx, l); err != nil {
				return fmt.Errorf("layer %s: %w", l.Digest, err)
			}
			return nil
		})
	}
	if err := eg.Wait(); err != nil {
		return 0, err
	}
	return p.files, p.link()
}

// pull is a pull under way.
type pull struct {
	*Artifact
	root     *os.Root
	down     *registryclient.Downloader
	progress func(done, total int64)

	mu    sync.Mutex
	done  int64
	files int
	dirs  map[string]bool
	seen  map[string]bool
	links []File
}

func (p *pull) layer(ctx context.Context, l Layer) error {
	blob, err := p.down.Blob(ctx, hashOf(l.Digest), l.Size)
	if err != nil {
		return err
	}
	defer blob.Close()
	sum := sha256.New()
	r := io.TeeReader(&counting{blob, p}, sum)
	if l.Form == Raw {
		err = p.file(l.Files[0], l.Size, r)
	} else {
		err = p.unpack(l, r)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != l.Digest.Encoded() {
		return errChanged
	}
	return nil
}

// counting tells the progress.
type counting struct {
	io.Reader
	p *pull
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.done += int64(n)
	if c.p.progress != nil {
		c.p.progress(c.p.done, c.p.Size())
	}
	return n, err
}

// file writes a file of a known size, checked by its hash if that is known.
func (p *pull) file(f File, size int64, r io.Reader) error {
	if err := p.claim(f.Path); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if f.Executable {
		mode = 0o755
	}
	name := filepath.FromSlash(f.Path)
	if err := p.root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := p.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.CopyN(io.MultiWriter(out, sum), r, size)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if f.SHA256 != "" && hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return &FileError{f.Path, "has another sha256 than the manifest says"}
	}
	return nil
}

// claim refuses a second file of one name.
func (p *pull) claim(name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[name] {
		return &FileError{name, "is in the artifact twice"}
	}
	if len(p.seen) == maxEntries {
		return &ArtifactError{p.Reference(), fmt.Sprintf("has more than %d files", maxEntries)}
	}
	p.seen[name] = true
	p.files++
	return p.within(path.Dir(name))
}

// within counts a directory and those above it; the caller holds the mutex.
func (p *pull) within(dir string) error {
	for ; dir != "." && !p.dirs[dir]; dir = path.Dir(dir) {
		if len(p.dirs) == untrusted.MaxDirectories {
			return &ArtifactError{p.Reference(), fmt.Sprintf("has more than %d directories", untrusted.MaxDirectories)}
		}
		p.dirs[dir] = true
	}
	return nil
}

// directory makes a directory. An archive may have one twice, and so may two layers.
func (p *pull) directory(name string) error {
	p.mu.Lock()
	err := p.within(name)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	return p.root.MkdirAll(filepath.FromSlash(name), 0o755)
}

// unpack writes the files of an archive.
func (p *pull) unpack(l Layer, r io.Reader) error {
	files := map[string]File{}
	for _, f := range l.Files {
		files[f.Path] = f
	}
	r, end, err := decompress(l, r)
	if err != nil {
		return err
	}
	defer end()
	// A file may be sparse: its holes are in no archive.
	total := untrusted.NewUnpacked(l.Size, errUnpacked(l))
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := total.Count(h.Size); err != nil {
			return err
		}
		if err := p.entry(h, files, t); err != nil {
			return err
		}
	}
	for name := range files {
		return &FileError{name, "is not in the layer that should have it"}
	}
	// What follows the end of the archive belongs to the layer.
	_, err = io.Copy(io.Discard, r)
	return err
}

// entry writes one entry of an archive.
func (p *pull) entry(h *tar.Header, files map[string]File, r io.Reader) error {
	name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
	if name == "" || name == "." {
		return nil
	}
	if err := checkPath(name); err != nil {
		return err
	}
	if p.Root != "" {
		if name == p.Root || strings.HasPrefix(p.Root+"/", name+"/") {
			return nil
		}
		below, ok := strings.CutPrefix(name, p.Root+"/")
		if !ok {
			return nil // beside the model
		}
		name = below
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return p.directory(name)
	case tar.TypeReg:
		f, ok := files[name]
		if ok && f.Size != h.Size {
			return &FileError{name, "has another size than the manifest says"}
		}
		delete(files, name)
		f.Path, f.Executable = name, h.Mode&0o111 != 0
		return p.file(f, h.Size, r)
	case tar.TypeSymlink:
		if !within(name, h.Linkname) || len(h.Linkname) > maxName {
			return &FileError{name, "is a symbolic link to something outside of the model's directory"}
		}
		if err := p.claim(name); err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.links = append(p.links, File{Path: name, Link: h.Linkname})
		return nil
	}
	return &FileError{name, "is neither a file, a directory nor a symbolic link"}
}

// link makes the symbolic links, after all files: none can be written through one.
func (p *pull) link() error {
	for _, l := range p.links {
		name := filepath.FromSlash(l.Path)
		if err := p.root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := p.root.Symlink(filepath.FromSlash(l.Link), name); err != nil {
			return err
		}
	}
	for _, l := range p.links {
		if _, err := p.root.Stat(filepath.FromSlash(l.Path)); err != nil {
			return &FileError{l.Path, fmt.Sprintf("is a symbolic link to %q, which is not in the model", path.Join(path.Dir(l.Path), l.Link))}
		}
	}
	return nil
}

func errUnpacked(l Layer) error {
	return fmt.Errorf("it unpacks to more than %d times its size of %d bytes", untrusted.MaxRatio, l.Size)
}

// decompress returns the archive of a layer, which ends where it gets too large.
func decompress(l Layer, r io.Reader) (io.Reader, func(), error) {
	limit := untrusted.NewUnpacked(l.Size, errUnpacked(l))
	switch l.Form {
	case TarGzip:
		z, err := gzip.NewReader(r)
		return limit.Reader(z), func() {}, err
	case TarZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxZstdSize), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, err
		}
		return limit.Reader(z), z.Close, nil
	}
	return r, func() {}, nil
}
