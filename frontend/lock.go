package frontend

import (
	"context"
	"maps"

	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// buildLock builds the lock output: Deployfile.lock and the pylock files.
func buildLock(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	q := in.lockRequest()
	q.Fresh = true
	q.Upgrade = in.upgrade()
	for _, held := range heldBack(in.found.env.all, q.Upgrade) {
		in.warnText(ctx, held)
	}
	lock, pylocks, err := in.resolver.Lock(ctx, q)
	if err != nil {
		return nil, in.found.locate(err)
	}
	data, err := lock.Encode()
	if err != nil {
		return nil, err
	}
	files := maps.Clone(pylocks)
	files[in.lockName] = data
	return in.result(ctx, directory(files))
}

func (in *inputs) lockRequest() resolver.Request {
	return resolver.Request{
		Inputs:      in.found.Inputs,
		Implied:     in.found.impliedNames(),
		Platforms:   in.platforms(),
		Indexes:     in.found.env.indexes,
		Context:     in.context,
		LocalFiles:  in.found.env.local,
		Hashes:      in.found.env.hashes,
		Unproven:    in.found.env.unproven,
		ModelSource: in.pin,
		ModelBase:   in.basePins(),
		CA:          in.file.Environment.CA,
		Previous:    in.beside.lock,
		Pylocks:     in.beside.pylocks,
	}
}

// locked is inputs with the lock to build from, and the toolchain that it names.
type locked struct {
	*inputs
	lockFiles

	tools toolchain.Toolchain
}

// useLock finds the lock to build from: the one beside the Deployfile if it is
// current, or one made for this build alone if it is missing.
func (in *inputs) useLock(ctx context.Context) (*locked, error) {
	files, err := in.findLock(ctx)
	if err != nil {
		return nil, err
	}
	tools, err := in.resolver.Toolchain(ctx, files.lock, in.file.Environment.CA, in.found.env.indexes)
	if err != nil {
		return nil, err
	}
	return &locked{inputs: in, lockFiles: files, tools: tools}, in.fetchBases(tools)
}

func (in *inputs) findLock(ctx context.Context) (lockFiles, error) {
	demanded := in.ui.BuildArgs[ArgLocked] == "1"
	if in.beside.lock == nil {
		if demanded {
			return lockFiles{}, &NoLockError{File: in.lockName}
		}
		in.warnText(ctx, "unlocked-build: there is no "+in.lockName+", so this build is resolved now and may come out otherwise another time; run: deployfile lock")
		return in.makeLock(ctx)
	}
	if err := in.stale(); err != nil {
		return lockFiles{}, err
	}
	replaced, err := in.replacedImages(ctx)
	switch {
	case err != nil:
		return lockFiles{}, err
	case len(replaced) == 0:
		return in.beside, nil
	case demanded:
		return lockFiles{}, &StaleLockError{File: in.lockName, Changes: replaced}
	}
	for _, r := range replaced {
		in.warnText(ctx, r)
	}
	files, err := in.makeLock(ctx)
	if err != nil {
		return lockFiles{}, err
	}
	// The model must still be the one in the existing lock.
	files.lock.Model = in.beside.lock.Model
	return files, nil
}

// makeLock makes a lock for this build alone.
func (in *inputs) makeLock(ctx context.Context) (lockFiles, error) {
	lock, pylocks, err := in.resolver.Lock(ctx, in.lockRequest())
	return lockFiles{lock, pylocks}, in.found.locate(err)
}

// stale returns a *StaleLockError with the differences, or nil if the lock is current
// or missing.
func (in *inputs) stale() error {
	lock := in.beside.lock
	if lock == nil {
		return nil
	}
	changes := append(lock.SourceChanges(in.pin), lock.Stale(in.found.Inputs, in.platforms(), in.beside.pylocks)...)
	if len(changes) > 0 {
		return &StaleLockError{File: in.lockName, Changes: changes}
	}
	return nil
}

// replacedImages says which images that the lock pins a build context replaces.
func (in *inputs) replacedImages(ctx context.Context) ([]string, error) {
	var replaced []string
	for _, x := range []struct {
		name     string
		locked   resolver.Image
		platform string
	}{{"base", in.beside.lock.Base, in.platforms()[0]}, {"toolchain", in.beside.lock.Toolchain, in.resolver.BuildPlatform}} {
		img, err := in.images.Image(ctx, x.name, x.locked.Ref, x.locked.Digest, x.platform)
		if err != nil {
			return nil, in.found.locate(err)
		}
		if img.Digest != x.locked.Digest {
			replaced = append(replaced, "the build context has "+x.name+" image "+img.Digest+" and the lock "+x.locked.Digest)
		}
	}
	return replaced, nil
}

// checkModel compares the model's files with the locked ones.
func (l *locked) checkModel(ctx context.Context) error {
	if l.context.Model.Files != nil {
		return nil // whoever gives the files compares them
	}
	now, err := l.resolver.ModelFiles(ctx, l.tools, l.context.Model)
	if err != nil {
		return err
	}
	if changes := l.lock.ModelChanges(now); len(changes) > 0 {
		return &StaleLockError{File: l.lockName, Changes: changes, Model: true}
	}
	return nil
}
