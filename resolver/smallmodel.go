package resolver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"
)

// A model of at most so many files and bytes is read through the gateway, which takes some
// milliseconds. Starting the step that reads others takes some hundred.
const (
	maxSmallFiles = 64
	maxSmallBytes = 4 << 20
)

// smallReaders is how many files are read at once, which matters if the builder is far.
const smallReaders = 8

// Small reports whether ModelFiles needs no step for the model: it is small, has no links,
// and can be read.
func (r *Resolver) Small(ctx context.Context, model modelsource.Tree) bool {
	_, small := r.small(ctx, model)
	return small
}

func (r *Resolver) small(ctx context.Context, model modelsource.Tree) (*smallModel, bool) {
	ref, err := r.Gateway.Solve(ctx, model.State)
	if err != nil {
		return nil, false
	}
	s := &smallModel{ref: ref, model: model}
	return s, s.list(ctx, ".")
}

// readModel returns what ModelStep would say of a small model, without running it.
func (r *Resolver) readModel(ctx context.Context, model modelsource.Tree) ([]ModelFile, bool) {
	s, small := r.small(ctx, model)
	if !small || s.read(ctx) != nil {
		return nil, false
	}
	return s.files, true
}

// smallModel reads the files of a model through the gateway.
type smallModel struct {
	ref   gwclient.Reference
	model modelsource.Tree
	files []ModelFile
	// seen counts directories, too, bytes are those of the files.
	seen, bytes int
}

// list lists a directory of the model, and reports whether the model is small so far.
func (s *smallModel) list(ctx context.Context, dir string) bool {
	entries, err := s.ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: s.model.Path(dir)})
	if err != nil {
		return false
	}
	for _, e := range entries {
		name := path.Join(dir, e.Path)
		if slices.Contains(s.model.LeftOut, name) {
			continue
		}
		if s.seen++; s.seen > maxSmallFiles {
			return false
		}
		switch mode := fs.FileMode(e.Mode); {
		case mode.IsDir():
			if !s.list(ctx, name) {
				return false
			}
		case !mode.IsRegular() || e.Size > int64(maxSmallBytes-s.bytes):
			return false
		default:
			s.bytes += int(e.Size)
			s.files = append(s.files, ModelFile{Path: name, Size: e.Size, Executable: mode&0o111 != 0})
		}
	}
	return true
}

// read sorts the files that were listed, and hashes them.
func (s *smallModel) read(ctx context.Context) error {
	slices.SortFunc(s.files, func(a, b ModelFile) int { return strings.Compare(a.Path, b.Path) })
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(smallReaders)
	for n := range s.files {
		eg.Go(func() error {
			f := &s.files[n]
			data, err := readFile(ctx, s.ref, s.model.Path(f.Path), int(f.Size))
			sum := sha256.Sum256(data)
			f.SHA256 = hex.EncodeToString(sum[:])
			return err
		})
	}
	return eg.Wait()
}
