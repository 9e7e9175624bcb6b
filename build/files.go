package build

import (
	"context"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// Files returns the files of an output that is a directory of small files, such as
// lock, plan or sbom, by name.
func (b *Built) Files(ctx context.Context) (map[string][]byte, error) {
	ref, err := b.Result.SingleRef()
	if err != nil {
		return nil, err
	}
	entries, err := ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: "/"})
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Path], err = ref.ReadFile(ctx, gwclient.ReadRequest{Filename: e.Path}); err != nil {
			return nil, err
		}
	}
	return files, nil
}
