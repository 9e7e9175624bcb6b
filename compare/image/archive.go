package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// archive is an OCI image layout in a tar file. Its blobs are read in place.
type archive struct {
	file *os.File
	// parts has the files of the archive by name.
	parts map[string]part
}

// part is the position and size of a file in the archive, in bytes.
type part struct{ offset, size int64 }

func (a *archive) open(_ context.Context, d ocispecs.Descriptor) (io.ReadCloser, error) {
	p, ok := a.parts[blobPath(d.Digest)]
	if !ok {
		return nil, fmt.Errorf("blob %s is not in %s", d.Digest, a.file.Name())
	}
	return io.NopCloser(a.section(p)), nil
}

func (a *archive) section(p part) io.Reader { return io.NewSectionReader(a.file, p.offset, p.size) }

func (a *archive) Close() error { return a.file.Close() }

func openArchive(ctx context.Context, name string) (_ *Image, err error) {
	f, err := regular(os.OpenFile(name, readOnly, 0))
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: err}
	}
	a := &archive{file: f, parts: map[string]part{}}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err := a.list(ctx); err != nil {
		return nil, &NotFoundError{Name: name, Err: fmt.Errorf("not an OCI archive: %w", err)}
	}
	p, ok := a.parts[ocispecs.ImageIndexFile]
	if !ok {
		return nil, &NotFoundError{Name: name, Err: fmt.Errorf("not an OCI archive: %s is missing", ocispecs.ImageIndexFile)}
	}
	index, err := readIndex(a.section(p))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, err := choose(index, "", "")
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: err}
	}
	return load(ctx, name, root, a)
}

// maxParts limits the files of an archive.
const maxParts = 100_000

// list finds the files of the archive.
func (a *archive) list(ctx context.Context) error {
	for r := tar.NewReader(a.file); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if len(a.parts) == maxParts {
			return &BoundError{What: fmt.Sprintf("more than %d files in its archive", maxParts)}
		}
		// The reader has read only the header.
		offset, err := a.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg {
			a.parts[path.Clean(h.Name)] = part{offset, h.Size}
		}
	}
}
