package deploy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/pipe"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
)

// stores reports whether the target keeps the files of the model in a store of its own.
func (d delivery) stores() bool { return d.ModelApart() == deployfile.ModelData }

// stored brings the files of the model to the store of a target, and returns their place
// there. The lock names them.
func (w *deliveries) stored(ctx context.Context, d delivery) (string, error) {
	store, ok := d.Spec.(deployfile.ModelStore)
	if !ok {
		return "", fmt.Errorf("a target of kind %q has no %s", d.Kind, deployfile.ModelData)
	}
	locked, err := w.lockedModel(ctx)
	if err != nil {
		return "", err
	}
	files, err := modelFiles(locked)
	if err != nil {
		return "", atTarget(d.Target, err)
	}
	place := store.ModelData(d.Endpoint, digestOf(files))
	if d.dry || d.keeper == nil {
		return place, nil
	}
	w.progress().Wait(d.Name + ": looking for the model at " + place)
	return place, atTarget(d.Target, d.keeper.KeepModel(ctx, place, files, func(read func(io.Reader) error) error {
		return w.archived(ctx, read)
	}))
}

// lockedModel returns the files of the model that the lock names.
func (d *Deployer) lockedModel(ctx context.Context) ([]resolver.ModelFile, error) {
	file := d.Project.Path + build.LockSuffix
	locked, err := build.ReadLock(ctx, file)
	if err != nil {
		return nil, err
	}
	lock, err := locked.Decode()
	if err == nil && lock == nil {
		err = &frontend.NoLockError{File: file, By: deployfile.ModelData}
	}
	if err != nil {
		return nil, err
	}
	return lock.Model, nil
}

// modelFiles returns the files of a lock in the order of their paths.
func modelFiles(locked []resolver.ModelFile) ([]publish.ModelFile, error) {
	var out []publish.ModelFile
	for _, f := range locked {
		if f.Link != "" {
			return nil, fmt.Errorf("the model's %s is a link, and a store of objects has none: leave out %s", f.Path, deployfile.ModelData)
		}
		out = append(out, publish.ModelFile{Path: f.Path, SHA256: f.SHA256, Size: f.Size})
	}
	slices.SortFunc(out, func(a, b publish.ModelFile) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// digestOf returns the digest of a model's files, as imagespec.ModelDataVariable has it.
func digestOf(files []publish.ModelFile) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s  %s\n", f.SHA256, f.Path)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// archived has a tar of the model read. If the build starts anew, so does the reading.
func (w *deliveries) archived(ctx context.Context, read func(tar io.Reader) error) error {
	opt := w.options(frontend.OutputModel)
	if all := w.platforms(opt); len(all) > 1 {
		// A model is the same for all.
		opt.Platforms = all[:1]
	}
	var archive *pipe.Writer
	opt.Exports = []client.ExportEntry{{
		Type: client.ExporterTar,
		Output: func(map[string]string) (io.WriteCloser, error) {
			if archive != nil {
				_ = archive.CloseWithError(io.ErrUnexpectedEOF)
			}
			archive = pipe.To(read)
			return archive, nil
		},
	}}
	_, err := w.run(ctx, opt)
	if archive == nil {
		return err
	}
	if refused := archive.CloseWithError(err); refused != nil && !errors.Is(refused, err) && ctx.Err() == nil {
		return refused
	}
	return err
}
