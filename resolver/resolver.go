package resolver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"golang.org/x/sync/errgroup"
)

// Resolver writes locks.
type Resolver struct {
	// Gateway sends requests to the builder.
	Gateway Gateway
	// BuildPlatform is the platform of steps, "linux/amd64".
	BuildPlatform string
	// Images finds the base and toolchain images.
	Images Images
	// Network are options for steps with a network.
	Network []bkllb.RunOption
	// Limits apply to steps that have a network or run foreign programs.
	Limits toolchain.Limits
}

// Images finds an image: the build context of the given name ("base" or
// "toolchain") if there is one, else the reference, at the digest unless that
// is "".
type Images interface {
	Image(ctx context.Context, name, ref, digest, platform string) (*SourceImage, error)
}

// SourceImage is the result of Images.
type SourceImage struct {
	// Ref is the reference, or "context:NAME".
	Ref string
	// Digest is the digest of its manifest or index.
	Digest string
	// Env is its environment, "KEY=value".
	Env []string
	// State is its file system.
	State bkllb.State
}

// Request is the input of a lock.
type Request struct {
	Inputs Inputs
	// Implied are those of Inputs.SystemPackages that only the model asks for: a base
	// without apt does without them.
	Implied []string
	// Platforms are os/arch, at least one, without duplicates.
	Platforms []string
	// Indexes are the indexes of Inputs, with their secrets.
	Indexes []Index
	// Context is what the build may read, LocalFiles the files of it that
	// requirements name.
	Context    modelsource.Context
	LocalFiles []string
	// Hashes are those that Inputs.Requirements demand.
	Hashes Hashes
	// Unproven are the names of Inputs.Without that none of Inputs.Requirements
	// has: something that they require has to require them.
	Unproven []string
	// ModelSource is what the model's source stands for; nil if its scheme has no
	// pins.
	ModelSource *modelsource.Pin
	// ModelBase are the weights on a hub that the model refers to.
	ModelBase []modelsource.Pin
	// CA is the id of the secret with certificate authorities.
	CA string
	// Previous is the existing lock, with its pylock files by name; unchanged
	// parts are reused.
	Previous *Lock
	Pylocks  map[string][]byte
	// Upgrade names packages to upgrade; "*" means everything, including images
	// and Debian packages.
	Upgrade []string
	// Fresh ignores answers in the builder's cache.
	Fresh bool
}

// Lock resolves the request. The second result has the pylock files by name.
func (r *Resolver) Lock(ctx context.Context, q Request) (*Lock, map[string][]byte, error) {
	if err := q.checkUpgrade(); err != nil {
		return nil, nil, err
	}
	slices.Sort(q.Platforms)
	keep := q.Previous
	if slices.Contains(q.Upgrade, "*") {
		keep = nil
	}
	lock := &Lock{Version: LockVersion, Inputs: q.Inputs, ModelSource: q.ModelSource, ModelBase: q.ModelBase, Platforms: make([]Platform, len(q.Platforms))}
	bases, err := r.bases(ctx, q, keep, lock)
	if err != nil {
		return nil, nil, err
	}
	t, err := r.lockToolchain(ctx, q, keep, lock, bases)
	if err != nil {
		return nil, nil, err
	}
	if t, err = r.buildPackages(ctx, q, keep, lock, t); err != nil {
		return nil, nil, err
	}
	found, refused := make([]*resolved, len(q.Platforms)), make([]error, len(q.Platforms))
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		lock.Model, err = r.ModelFiles(egctx, t, q.Context.Model)
		return err
	})
	if q.Previous == nil || len(q.Previous.SourceChanges(q.ModelSource)) > 0 {
		eg.Go(func() error { return r.proveModel(egctx, t, q.Context.Model) })
	}
	for n, name := range q.Platforms {
		eg.Go(func() error {
			p := &lock.Platforms[n]
			p.Pylock = PylockName(name, q.Platforms)
			got, err := r.packages(egctx, q, keep, t, p)
			var made map[string]toolchain.Step
			if err == nil {
				found[n], p.PylockSHA256 = got, hash(got.pylock)
				made, err = r.build(egctx, q, keep, lock.Toolchain.Digest, t, p, got.pylock)
			}
			if err == nil {
				err = r.wheelFiles(egctx, q, keep, lock.Toolchain.Digest, t, p, got.pylock, got.wheels, made)
			}
			if lacks(err) {
				// Collect the errors of all platforms.
				refused[n], err = err, nil
			}
			return err
		})
		eg.Go(func() (err error) {
			p := &lock.Platforms[n]
			p.SystemPackages, err = r.systemPackages(egctx, q, keep, lock, t, p.Name, bases[name])
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, nil, err
	}
	if err := joined(refused); err != nil {
		return nil, nil, err
	}
	if err := unused(found); err != nil {
		return nil, nil, err
	}
	if err := r.checkLibraries(ctx, q, lock, bases); err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{}
	for n := range lock.Platforms {
		files[lock.Platforms[n].Pylock] = found[n].pylock
	}
	return lock, files, nil
}

// bases resolves the base image on every platform, with its properties.
func (r *Resolver) bases(ctx context.Context, q Request, keep *Lock, lock *Lock) (map[string]*SourceImage, error) {
	pinned := ""
	if keep != nil && keep.Base.Ref == q.Inputs.Base {
		pinned = keep.Base.Digest
	}
	out := map[string]*SourceImage{}
	for n, platform := range q.Platforms {
		arch, err := machine(platform)
		if err != nil {
			return nil, err
		}
		img, err := r.Images.Image(ctx, "base", q.Inputs.Base, pinned, platform)
		if err != nil {
			return nil, err
		}
		out[platform] = img
		lock.Platforms[n].Name = platform
		if keep != nil && keep.Base.Digest == img.Digest && keep.Inputs.Python == q.Inputs.Python && keep.Platform(platform) != nil {
			lock.Base = keep.Base
			lock.Base.Ref = img.Ref
			lock.Platforms[n].Glibc = keep.Platform(platform).Glibc
			continue
		}
		ref, err := r.Gateway.Solve(ctx, img.State)
		if err != nil {
			return nil, fmt.Errorf("base image %s: %w", img.Ref, err)
		}
		lock.Base.Ref, lock.Base.Digest = img.Ref, img.Digest
		lock.Base.Python, lock.Base.PythonVersion, err = findPython(ctx, ref, img.Ref, img.Env, q.Inputs.Python)
		if err != nil {
			return nil, err
		}
		glibc, err := findGlibc(ctx, ref, img.Ref, arch)
		if err != nil {
			return nil, err
		}
		lock.Platforms[n].Glibc = fmt.Sprintf("2.%d", glibc)
	}
	return out, nil
}

// lockToolchain resolves the toolchain image and uv. A locked toolchain stays
// when only the base changes, so that no wheel is installed again.
func (r *Resolver) lockToolchain(ctx context.Context, q Request, keep *Lock, lock *Lock, bases map[string]*SourceImage) (toolchain.Toolchain, error) {
	ref, pinned := q.Inputs.Toolchain, ""
	if ref == "" {
		ref = q.Inputs.Base
	}
	if keep != nil && keep.Inputs.Toolchain == q.Inputs.Toolchain && keep.Toolchain.PythonVersion == lock.Base.PythonVersion &&
		!strings.HasPrefix(keep.Toolchain.Ref, ContextRef) && len(keep.otherImages()) == 0 {
		ref, pinned = keep.Toolchain.Ref, keep.Toolchain.Digest
	}
	img, err := r.Images.Image(ctx, "toolchain", ref, pinned, r.BuildPlatform)
	if err != nil {
		return toolchain.Toolchain{}, err
	}
	lock.Toolchain = Image{Ref: img.Ref, Digest: img.Digest}
	if keep != nil && keep.Toolchain.Digest == img.Digest && keep.Toolchain.PythonVersion == lock.Base.PythonVersion {
		lock.Toolchain.Python, lock.Toolchain.PythonVersion = keep.Toolchain.Python, keep.Toolchain.PythonVersion
	} else {
		root, err := r.Gateway.Solve(ctx, img.State)
		if err != nil {
			return toolchain.Toolchain{}, fmt.Errorf("toolchain image %s: %w", img.Ref, err)
		}
		lock.Toolchain.Python, lock.Toolchain.PythonVersion, err = findPython(ctx, root, img.Ref, img.Env, lock.Base.PythonVersion)
		if err != nil {
			return toolchain.Toolchain{}, err
		}
	}
	t := r.newToolchain(q.CA, lock, img)
	if keep != nil {
		if _, ok := uvFor(keep.UV, r.BuildPlatform); ok {
			lock.UV = keep.UV
		}
	}
	if lock.UV == nil {
		if lock.UV, err = r.findUV(ctx, t, q.Indexes); err != nil {
			return toolchain.Toolchain{}, err
		}
	}
	uv, _ := uvFor(lock.UV, r.BuildPlatform)
	t.UV = Fetch("uv", uv, t, q.Indexes, toolchain.Preparing().Option())
	t.UVName = uv.Filename
	return t, nil
}

// Toolchain returns the toolchain of a lock.
func (r *Resolver) Toolchain(ctx context.Context, lock *Lock, ca string, indexes []Index) (toolchain.Toolchain, error) {
	t, err := r.ImageTools(ctx, lock, ca)
	if err != nil {
		return t, err
	}
	uv, ok := uvFor(lock.UV, r.BuildPlatform)
	if !ok {
		return t, fmt.Errorf("the lock holds no uv %s for %s; run deployfile lock", uvVersion, r.BuildPlatform)
	}
	t.UV, t.UVName = Fetch("uv", uv, t, indexes, toolchain.Preparing().Option()), uv.Filename
	if p := lock.Platform(r.BuildPlatform); p != nil && len(p.BuildPackages) > 0 {
		t = withPackages(t, p.BuildPackages)
	}
	return t, nil
}

// ImageTools returns the toolchain of a lock without uv and packages, for steps that
// need neither.
func (r *Resolver) ImageTools(ctx context.Context, lock *Lock, ca string) (toolchain.Toolchain, error) {
	img, err := r.Images.Image(ctx, "toolchain", lock.Toolchain.Ref, lock.Toolchain.Digest, r.BuildPlatform)
	if err != nil {
		return toolchain.Toolchain{}, err
	}
	return r.newToolchain(ca, lock, img), nil
}

func (r *Resolver) newToolchain(ca string, lock *Lock, img *SourceImage) toolchain.Toolchain {
	return toolchain.Toolchain{
		Root:        img.State,
		Python:      lock.Toolchain.Python,
		Version:     lock.Toolchain.PythonVersion,
		CA:          ca,
		Network:     r.Network,
		Limits:      r.Limits,
		Constraints: r.Gateway.Constraints,
	}
}

func hash(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
