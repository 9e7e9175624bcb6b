package modelstore

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
)

// repository is a directory of a git repository at a commit. The user's git fetches it
// with the user's own credentials; its files are put into the user's cache. Files of Git
// LFS are downloaded one by one.
type repository struct {
	together
	name modelsource.GitName
	lfs  *lfs
}

var _ Store = (*repository)(nil)

// resolveGit fetches a repository.
func resolveGit(ctx context.Context, source string, o Options) (*Model, error) {
	n, err := modelsource.ParseGit(source)
	if err != nil {
		return nil, err
	}
	r := newRepository(n, o)
	if err := r.fetch(ctx); err != nil {
		return nil, err
	}
	pin := modelsource.Pin{Source: source, Resolved: r.name.Pinned(r.name.Ref), Location: r.name.Pinned(r.name.Ref)}
	for _, f := range r.files {
		if f.Version == lfsVersion {
			pin.LFS = append(pin.LFS, f.Path)
		}
	}
	return &Model{Pin: pin, Store: r}, nil
}

// reopenGit returns the store of a pin.
func reopenGit(pin modelsource.Pin, o Options) (Store, error) {
	n, err := modelsource.ParseGit(pin.Resolved)
	if err != nil {
		return nil, err
	}
	r := newRepository(n, o)
	r.lfs.pinned = pin.LFS
	return r, nil
}

func newRepository(n modelsource.GitName, o Options) *repository {
	return &repository{name: n, together: together{cache: o.Cache}, lfs: &lfs{name: n, options: o}}
}

// List implements Store.
func (r *repository) List(ctx context.Context) ([]File, error) { return r.files, nil }

// Open implements Store.
func (r *repository) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	if f.Version == lfsVersion || slices.Contains(r.lfs.pinned, f.Path) {
		return r.lfs.open(ctx, f, offset)
	}
	return r.together.open(f, "repository", func() error { return r.fetch(ctx) })
}

// Access implements Store.
func (r *repository) Access(ctx context.Context, _ []File) (*modelsource.Access, error) {
	u, err := url.Parse(r.name.URL)
	if err != nil {
		return nil, err
	}
	if onLoopback(u.Host) {
		return nil, nil
	}
	a, err := r.lfs.access(ctx)
	if err == nil && len(r.lfs.pinned) == 0 {
		// No step asks for anything: BuildKit itself has all of it.
		return &modelsource.Access{Session: a.Session}, nil
	}
	return a, err
}

// The limits of what git says.
const (
	maxTree    = 64 << 20
	maxPointer = 1024
)

// fetch puts the files of the directory into the cache.
func (r *repository) fetch(ctx context.Context) error {
	cache, err := r.cache()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "deployfile-model-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	g := git{dir: dir}
	if _, err := g.run(ctx, "init", "--quiet", "--bare"); err != nil {
		return err
	}
	ref := r.name.Ref
	if ref == "" {
		ref = "HEAD"
	}
	// A server that sends nothing for two minutes, or hardly anything, is given up.
	patience := []string{"-c", "http.lowSpeedLimit=100", "-c", fmt.Sprintf("http.lowSpeedTime=%d", int(silence/time.Second))}
	if _, err := g.run(ctx, append(patience, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", r.name.URL, ref)...); err != nil {
		return fmt.Errorf("%q of the repository %s: %w", ref, r.name.URL, err)
	}
	commit, err := g.run(ctx, "rev-parse", "--verify", "FETCH_HEAD^{commit}")
	if err != nil {
		return err
	}
	r.name.Ref = strings.TrimSpace(string(commit))
	tree, err := g.run(ctx, "ls-tree", "-r", "-z", "-l", "--full-tree", r.name.Ref+":"+r.name.Path)
	if err != nil {
		return fmt.Errorf("the directory %q at %s: %w", r.name.Path, r.name.Ref, err)
	}
	files, err := r.entries(tree)
	if err != nil {
		return err
	}
	if err := unpackable(filepath.Join(dir, "objects"), files); err != nil {
		return err
	}
	if files, err = modelIn(files); err != nil {
		return err
	}
	if err := g.read(ctx, cache, files); err != nil {
		return err
	}
	r.files = files
	return nil
}

// unpackable refuses files of many times the size of what was fetched: git has a file once
// that is in a thousand places, and hardly anything of one that is all zeros.
func unpackable(objects string, files []File) error {
	fetched := int64(0)
	err := filepath.WalkDir(objects, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fetched += info.Size()
		}
		return err
	})
	if err != nil {
		return err
	}
	total := untrusted.NewUnpacked(fetched, fmt.Errorf("the repository unpacks to more than %d times its size", untrusted.MaxRatio))
	for _, f := range files {
		if err := total.Count(f.Size); err != nil {
			return err
		}
	}
	return nil
}

// entries reads what ls-tree prints. The version of a file is its blob's name.
func (r *repository) entries(tree []byte) ([]File, error) {
	var files []File
	for line := range bytes.SplitSeq(bytes.TrimSuffix(tree, []byte{0}), []byte{0}) {
		about, name, _ := strings.Cut(string(line), "\t")
		fields := strings.Fields(about)
		if len(fields) != 4 {
			return nil, errNoFiles
		}
		if r.name.Path == "" && ofGit(name) {
			continue
		}
		if mode := fields[0]; mode != "100644" && mode != "100755" {
			return nil, &entryError{Name: name, Of: "repository", Why: "is a link or a submodule; a model has files alone"}
		}
		size, err := strconv.ParseInt(fields[3], 10, 64)
		if err != nil {
			return nil, err
		}
		if files = append(files, File{Path: name, Size: size, Version: fields[2]}); len(files) > maxFiles {
			return nil, fmt.Errorf("the repository has more than %d files", maxFiles)
		}
	}
	return files, nil
}

// read puts blobs into the cache, and sets the hashes of their files. For a pointer of
// Git LFS it sets those that the pointer says.
func (g git) read(ctx context.Context, cache *modelcache.Cache, files []File) error {
	var asked bytes.Buffer
	for _, f := range files {
		fmt.Fprintln(&asked, f.Version)
	}
	c := g.command(ctx, "cat-file", "--batch")
	c.Stdin = &asked
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	defer c.Wait()
	defer out.Close()
	r := bufio.NewReaderSize(out, 1<<20)
	for n := range files {
		if _, err := r.ReadString('\n'); err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
		if err := readBlob(ctx, cache, r, &files[n]); err != nil {
			return fmt.Errorf("model file %q: %w", files[n].Path, err)
		}
		if _, err := r.Discard(1); err != nil {
			return fmt.Errorf("git cat-file: %w", err)
		}
	}
	return nil
}

func readBlob(ctx context.Context, cache *modelcache.Cache, r io.Reader, f *File) error {
	if f.Size <= maxPointer {
		data := make([]byte, f.Size)
		if _, err := io.ReadFull(r, data); err != nil {
			return err
		}
		if sum, size, ok := parsePointer(data); ok {
			f.SHA256, f.Size, f.Version = sum, size, lfsVersion
			return nil
		}
		r = bytes.NewReader(data)
	}
	p, err := cache.Begin(ctx, "git\x00"+f.Version)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Restart(); err != nil {
		return err
	}
	if _, err := io.CopyN(p, r, f.Size); err != nil {
		return err
	}
	f.SHA256 = p.Sum()
	return p.Commit()
}
