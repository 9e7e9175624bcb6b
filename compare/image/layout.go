package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/internal/listing"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// layout is a directory in the OCI image layout. No link leads out of it.
type layout struct{ root *os.Root }

func (l layout) open(_ context.Context, d ocispecs.Descriptor) (io.ReadCloser, error) {
	f, err := l.file(filepath.FromSlash(blobPath(d.Digest)))
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	return f, nil
}

func (l layout) file(name string) (*os.File, error) {
	return regular(l.root.OpenFile(name, readOnly, 0))
}

// index returns the layout's index.
func (l layout) index() ([]byte, error) {
	f, err := l.file(ocispecs.ImageIndexFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readIndex(f)
}

func (l layout) Close() error { return l.root.Close() }

// readIndex reads the index.json of a layout.
func readIndex(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = &BoundError{What: fmt.Sprintf("an %s larger than %d bytes", ocispecs.ImageIndexFile, maxDocument)}
	}
	return data, err
}

// blobPath returns the path of a blob in a layout. The digest was validated.
func blobPath(d digest.Digest) string {
	return ocispecs.ImageBlobsDir + "/" + d.Algorithm().String() + "/" + d.Encoded()
}

func openLayout(ctx context.Context, name, value string) (_ *Image, err error) {
	dir, tag, pinned := splitLayout(value)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: errors.Join(errNoLayout, err)}
	}
	l := layout{root}
	defer func() {
		if err != nil {
			_ = l.Close()
		}
	}()
	data, err := l.index()
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: errors.Join(errNoLayout, err)}
	}
	image, err := choose(data, tag, pinned)
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: err}
	}
	return load(ctx, name, image, l)
}

// splitLayout splits the directory from the tag or digest after it.
func splitLayout(value string) (dir, tag string, pinned digest.Digest) {
	if dir, d, ok := strings.Cut(value, "@"); ok {
		return dir, "", digest.Digest(d)
	}
	if _, err := os.Stat(value); err != nil {
		if n := strings.LastIndex(value, ":"); n > 0 {
			return value[:n], value[n+1:], ""
		}
	}
	return value, "", ""
}

// choose selects an image from a layout's index: the one with the tag or
// digest, else the only one, or the one tagged latest.
func choose(index []byte, tag string, pinned digest.Digest) (ocispecs.Descriptor, error) {
	var all ocispecs.Index
	if err := json.Unmarshal(index, &all); err != nil {
		return ocispecs.Descriptor{}, fmt.Errorf("%s: %w", ocispecs.ImageIndexFile, err)
	}
	var tags []string
	for _, m := range all.Manifests {
		t := m.Annotations[ocispecs.AnnotationRefName]
		switch {
		case pinned != "" && m.Digest == pinned,
			pinned == "" && tag != "" && t == tag,
			pinned == "" && tag == "" && (len(all.Manifests) == 1 || t == "latest"):
			return m, nil
		}
		if t == "" {
			t = m.Digest.String()
		}
		tags = append(tags, t)
	}
	if len(tags) == 0 {
		return ocispecs.Descriptor{}, errors.New("the layout is empty")
	}
	if pinned == "" && tag == "" {
		return ocispecs.Descriptor{}, fmt.Errorf("the layout has several images; add :TAG or @DIGEST of one of %s", some(tags))
	}
	return ocispecs.Descriptor{}, fmt.Errorf("the layout has no %s%s, but %s", tag, pinned, some(tags))
}

// some lists names, but not more than anybody would read.
func some(names []string) string { return listing.UpTo(20, names) }
