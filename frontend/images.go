package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/resolver"
	"github.com/distribution/reference"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// images finds images for the resolver.
type images struct {
	ui     *dockerui.Client
	client gwclient.Client
	pulled *pulled
}

// pulled are the answers to what the builder was asked of images: base and toolchain are
// often one, and several parts of a build need either.
type pulled struct {
	mu  sync.Mutex
	all map[string]pulledImage
}

// pulledImage is an image's configuration and digest.
type pulledImage struct {
	digest digest.Digest
	data   []byte
}

// resolve asks the builder for the configuration of an image, unless it has said so.
func (i images) resolve(ctx context.Context, ref reference.Named, p ocispecs.Platform) (pulledImage, error) {
	key := ref.String() + " " + platforms.Format(p)
	i.pulled.mu.Lock()
	c, ok := i.pulled.all[key]
	i.pulled.mu.Unlock()
	if ok {
		return c, nil
	}
	_, dgst, data, err := i.client.ResolveImageConfig(ctx, ref.String(), sourceresolver.Opt{
		LogName:  "load metadata for " + reference.FamiliarString(ref),
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &p, ResolveMode: i.ui.ImageResolveMode.String()},
	})
	if err != nil {
		return c, err
	}
	c = pulledImage{dgst, data}
	i.pulled.mu.Lock()
	defer i.pulled.mu.Unlock()
	i.pulled.all[key] = c
	return c, nil
}

var _ resolver.Images = images{}

// Image implements resolver.Images: the build context of that name, for the
// toolchain also that of the base, or else the reference.
func (i images) Image(ctx context.Context, name, ref, pinned, platform string) (*resolver.SourceImage, error) {
	img, _, err := i.image(ctx, name, ref, pinned, platform)
	return img, err
}

func (i images) image(ctx context.Context, name, ref, pinned, platform string) (*resolver.SourceImage, *dockerspec.DockerOCIImage, error) {
	p, err := platforms.Parse(platform)
	if err != nil {
		return nil, nil, err
	}
	names := []string{name}
	if name == "toolchain" {
		names = append(names, "base")
	}
	for _, n := range names {
		img, config, err := i.named(ctx, n, p)
		if err != nil || img != nil {
			return img, config, err
		}
	}
	if n, ok := strings.CutPrefix(ref, resolver.ContextRef); ok {
		return nil, nil, fmt.Errorf("the lock was made with the build context %q in place of the %s image; give --build-context %s=… again, or run deployfile lock", n, name, n)
	}
	img, config, err := i.pull(ctx, ref, pinned, p)
	if err != nil {
		return nil, nil, &ImageError{Name: name, Ref: ref, Err: err}
	}
	return img, config, nil
}

// named returns the image of a build context, nil if there is no such context.
func (i images) named(ctx context.Context, name string, p ocispecs.Platform) (*resolver.SourceImage, *dockerspec.DockerOCIImage, error) {
	if i.unknownLayout(name) {
		return nil, nil, fmt.Errorf("build context %s is an OCI layout, which this builder is too old for: it needs BuildKit 0.11 or Docker 24.0, or --builder embedded", name)
	}
	var dgst digest.Digest
	nc, err := i.ui.NamedContext(name, dockerui.ContextOpt{Platform: &p, CaptureDigest: &dgst})
	if err != nil || nc == nil {
		return nil, nil, err
	}
	st, config, err := nc.Load(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("build context %s: %w", name, err)
	}
	if config == nil || dgst == "" {
		return nil, nil, fmt.Errorf("build context %s is not an image; give docker-image://REF or oci-layout://DIR", name)
	}
	return &resolver.SourceImage{Ref: resolver.ContextRef + name, Digest: dgst.String(), Env: config.Config.Env, State: st.Platform(p)}, config, nil
}

// unknownLayout reports whether a build context is an OCI layout and the builder
// cannot read one. Such a builder would ask a registry for it.
func (i images) unknownLayout(name string) bool {
	opts := i.client.BuildOpts()
	return strings.HasPrefix(opts.Opts["context:"+name], "oci-layout:") && opts.LLBCaps.Supports(pb.CapSourceOCILayout) != nil
}

func (i images) pull(ctx context.Context, ref, pinned string, p ocispecs.Platform) (*resolver.SourceImage, *dockerspec.DockerOCIImage, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return nil, nil, fmt.Errorf("image %q: %w", ref, err)
	}
	pull := reference.TagNameOnly(named)
	if pinned != "" {
		d, err := digest.Parse(pinned)
		if err != nil {
			return nil, nil, fmt.Errorf("image %q: %w", ref, err)
		}
		if pull, err = reference.WithDigest(reference.TrimNamed(named), d); err != nil {
			return nil, nil, err
		}
	}
	found, err := i.resolve(ctx, pull, p)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", ref, err)
	}
	var config dockerspec.DockerOCIImage
	if err := json.Unmarshal(found.data, &config); err != nil {
		return nil, nil, fmt.Errorf("image %s: config: %w", ref, err)
	}
	exact, err := reference.WithDigest(reference.TrimNamed(named), found.digest)
	if err != nil {
		return nil, nil, err
	}
	st, err := bkllb.Image(exact.String(), bkllb.Platform(p)).Platform(p).WithImageConfig(found.data)
	if err != nil {
		return nil, nil, fmt.Errorf("image %s: config: %w", ref, err)
	}
	return &resolver.SourceImage{Ref: ref, Digest: found.digest.String(), Env: config.Config.Env, State: st}, &config, nil
}
