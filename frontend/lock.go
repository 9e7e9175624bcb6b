package frontend

import (
	"context"
	"maps"
	"strings"

	"github.com/deployfile/deployfile/resolver"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// lockFiles is the lock target: Deployfile.lock and the pylock files.
func (b *build) lockFiles(ctx context.Context) (*gwclient.Result, error) {
	q := b.request()
	q.Fresh = true
	if u := b.ui.BuildArgs[ArgUpgrade]; u != "" {
		q.Upgrade = strings.Split(u, ",")
	}
	lock, pylocks, err := b.resolver.Lock(ctx, q)
	if err != nil {
		return nil, b.locate(err)
	}
	data, err := lock.Encode()
	if err != nil {
		return nil, err
	}
	files := maps.Clone(pylocks)
	files[b.lockName] = data
	return b.result(ctx, folder(files))
}

func (b *build) request() resolver.Request {
	return resolver.Request{
		Inputs:     b.Inputs,
		Platforms:  b.platforms(),
		Indexes:    b.env.indexes,
		Context:    b.context,
		ModelDir:   b.File.Model.Source,
		LocalFiles: b.env.local,
		CA:         b.File.Environment.CA,
		Previous:   b.lock,
		Pylocks:    b.pylocks,
	}
}

// locked returns the lock to build from: the one beside the Deployfile if it
// fits, or one made for this build alone if there is none.
func (b *build) locked(ctx context.Context) (*resolver.Lock, map[string][]byte, error) {
	demanded := b.ui.BuildArgs[ArgLocked] == "1"
	if b.lock == nil {
		if demanded {
			return nil, nil, &NoLockError{File: b.lockName}
		}
		b.warnText(ctx, "unlocked-build: there is no "+b.lockName+", so this build is resolved now and may come out otherwise another time; run: deployfile lock")
		lock, pylocks, err := b.resolver.Lock(ctx, b.request())
		return lock, pylocks, b.locate(err)
	}
	if err := b.stale(); err != nil {
		return nil, nil, err
	}
	return b.otherImages(ctx, demanded)
}

// stale says how the lock does not fit, nil if it does or there is none.
func (b *build) stale() error {
	if b.lock == nil {
		return nil
	}
	if changes := b.lock.Stale(b.Inputs, b.platforms(), b.pylocks); len(changes) > 0 {
		return &StaleLockError{File: b.lockName, Changes: changes}
	}
	return nil
}

// otherImages makes a lock for this build alone where a build context
// replaces an image that the lock pins.
func (b *build) otherImages(ctx context.Context, demanded bool) (*resolver.Lock, map[string][]byte, error) {
	var replaced []string
	for _, x := range []struct {
		name     string
		locked   resolver.Image
		platform string
	}{{"base", b.lock.Base, b.platforms()[0]}, {"toolchain", b.lock.Toolchain, b.resolver.BuildPlatform}} {
		img, err := b.images.Image(ctx, x.name, x.locked.Ref, x.locked.Digest, x.platform)
		if err != nil {
			return nil, nil, b.locate(err)
		}
		if img.Digest != x.locked.Digest {
			replaced = append(replaced, "the build context has "+x.name+" image "+img.Digest+" and the lock "+x.locked.Digest)
		}
	}
	if len(replaced) == 0 {
		return b.lock, b.pylocks, nil
	}
	if demanded {
		return nil, nil, &StaleLockError{File: b.lockName, Changes: replaced}
	}
	for _, r := range replaced {
		b.warnText(ctx, r)
	}
	lock, pylocks, err := b.resolver.Lock(ctx, b.request())
	if err != nil {
		return nil, nil, b.locate(err)
	}
	// The model is still held to the lock that there is.
	lock.Model = b.lock.Model
	return lock, pylocks, nil
}

func (b *build) result(ctx context.Context, st bkllb.State) (*gwclient.Result, error) {
	def, err := st.Marshal(ctx, b.resolver.Gateway.Constraints...)
	if err != nil {
		return nil, err
	}
	return b.client.Solve(ctx, gwclient.SolveRequest{Definition: def.ToPB(), CacheImports: b.ui.CacheImports})
}
