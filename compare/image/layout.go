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

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// layout is a folder as the OCI image layout specification has it.
type layout struct{ dir string }

func (l layout) open(_ context.Context, d ocispecs.Descriptor) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(l.dir, filepath.FromSlash(blobPath(d.Digest))))
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	return f, nil
}

func (l layout) Close() error { return nil }

// blobPath is where a layout has a blob. The digest was validated.
func blobPath(d digest.Digest) string {
	return ocispecs.ImageBlobsDir + "/" + d.Algorithm().String() + "/" + d.Encoded()
}

func openLayout(ctx context.Context, name, value string) (*Image, error) {
	dir, tag, pinned := splitLayout(value)
	data, err := os.ReadFile(filepath.Join(dir, ocispecs.ImageIndexFile))
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: errors.Join(errNoLayout, err)}
	}
	root, err := choose(data, tag, pinned)
	if err != nil {
		return nil, &NotFoundError{Name: name, Err: err}
	}
	return load(ctx, name, root, layout{dir})
}

// splitLayout tells the folder from the tag or digest behind it.
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

// choose finds the image that is meant in a layout's index: the one with the
// tag or digest, else the only one there is, or the one tagged latest.
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
		return ocispecs.Descriptor{}, fmt.Errorf("the layout has several images; add :TAG or @DIGEST of one of %s", strings.Join(tags, ", "))
	}
	return ocispecs.Descriptor{}, fmt.Errorf("the layout has no %s%s, but %s", tag, pinned, strings.Join(tags, ", "))
}
