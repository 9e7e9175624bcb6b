package image

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/compare"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// Contents returns the contents of the image for a comparison with other, or
// with a lock if other is nil. It reads layers that other shares only if the
// remaining layers are not enough.
func (i *Image) Contents(ctx context.Context, other *Image) (compare.Contents, error) {
	c := compare.Contents{Name: i.Name, Source: compare.Image, Digest: i.Root.Digest.String()}
	for _, p := range i.Platforms {
		var same *Platform
		if other != nil {
			same = other.Platform(p.Name)
		}
		facts, err := p.facts(ctx, same)
		if err != nil {
			return c, fmt.Errorf("image %s: %w", i.Name, err)
		}
		platform := compare.Platform{Name: p.Name, Facts: facts}
		for _, l := range p.Layers {
			platform.Layers = append(platform.Layers, compare.Blob{Digest: l.Digest.String(), Size: l.Size, CreatedBy: l.CreatedBy})
		}
		c.Platforms = append(c.Platforms, platform)
	}
	var err error
	c.Blobs, err = i.blobs(ctx)
	return c, err
}

// blobs returns all blobs that a push of the image sends.
func (i *Image) blobs(ctx context.Context) ([]compare.Blob, error) {
	var out []compare.Blob
	add := func(descriptors ...ocispecs.Descriptor) {
		for _, d := range descriptors {
			out = append(out, compare.Blob{Digest: d.Digest.String(), Size: d.Size})
		}
	}
	add(i.Root)
	for _, p := range i.Platforms {
		add(p.Descriptor, p.Manifest.Config)
		add(p.Manifest.Layers...)
	}
	for _, a := range i.Attestations {
		var m ocispecs.Manifest
		if _, err := i.decode(ctx, a, &m); err != nil {
			return nil, err
		}
		add(a, m.Config)
		add(m.Layers...)
	}
	return out, nil
}

func (p *Platform) facts(ctx context.Context, other *Platform) (map[compare.Kind]map[string]compare.Fact, error) {
	facts := configFacts(p.Config)
	read, err := p.scan(ctx, other)
	if err != nil {
		return nil, err
	}
	facts[compare.Package] = read.packages()
	facts[compare.ModelFile] = read.model()
	facts[compare.SystemPackage] = read.system()
	return facts, nil
}

// madeByDeployfile reports whether no layer above the base hides a file of
// another.
func (p *Platform) madeByDeployfile() bool {
	return slices.ContainsFunc(p.Config.History, func(h ocispecs.History) bool { return h.Comment == "deployfile" })
}

// scan reads the layers that the other image lacks and, of the shared ones,
// those that matter: they may contain files that a layer above them replaces.
func (p *Platform) scan(ctx context.Context, other *Platform) (files, error) {
	shared := map[digest.Digest]bool{}
	if other != nil {
		for _, l := range other.Layers {
			shared[l.DiffID] = true
		}
	}
	all := other == nil || !p.madeByDeployfile() || !other.madeByDeployfile()
	// The list of system packages is one file, which each layer that installs a
	// package replaces.
	base := !all && (installsSystemPackages(p, shared) || installsSystemPackages(other, sharedWith(p)))
	scans := make([]*scanned, len(p.Layers))
	eg, egctx := errgroup.WithContext(ctx)
	eg.SetLimit(4)
	for n, l := range p.Layers {
		if shared[l.DiffID] && !all && !(base && !fromDeployfile(p, n)) {
			continue
		}
		eg.Go(func() (err error) {
			scans[n], err = p.scanLayer(egctx, l)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	return fold(scans), nil
}

func sharedWith(p *Platform) map[digest.Digest]bool {
	out := map[digest.Digest]bool{}
	for _, l := range p.Layers {
		out[l.DiffID] = true
	}
	return out
}

// fromDeployfile reports whether deployfile made layer n, according to the
// history.
func fromDeployfile(p *Platform, n int) bool {
	layer := 0
	for _, h := range p.Config.History {
		if h.EmptyLayer {
			continue
		}
		if layer == n {
			return h.Comment == "deployfile"
		}
		layer++
	}
	return false
}

// installsSystemPackages reports whether a layer that is not shared may install
// system packages: any layer of the base, or our first one.
func installsSystemPackages(p *Platform, shared map[digest.Digest]bool) bool {
	for n, l := range p.Layers {
		if shared[l.DiffID] {
			continue
		}
		if !fromDeployfile(p, n) || n == 0 || !fromDeployfile(p, n-1) {
			return true
		}
	}
	return false
}

// configFacts returns the facts of the configuration, and of the labels that
// record the image's inputs.
func configFacts(c ocispecs.Image) map[compare.Kind]map[string]compare.Fact {
	config := map[string]compare.Fact{}
	text := func(name, value string) {
		if value != "" {
			config[name] = compare.Fact{Value: value}
		}
	}
	list := func(name string, values []string) {
		if len(values) > 0 {
			data, _ := json.Marshal(values)
			text(name, string(data))
		}
	}
	text("user", c.Config.User)
	text("working-dir", c.Config.WorkingDir)
	text("stop-signal", c.Config.StopSignal)
	list("entrypoint", c.Config.Entrypoint)
	list("command", c.Config.Cmd)
	list("ports", slices.Sorted(maps.Keys(c.Config.ExposedPorts)))
	list("volumes", slices.Sorted(maps.Keys(c.Config.Volumes)))
	if c.Created != nil {
		text("created", c.Created.UTC().Format("2006-01-02T15:04:05Z"))
	}
	env := map[string]compare.Fact{}
	for _, e := range c.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		env[name] = compare.Fact{Value: value}
	}
	labels := map[string]compare.Fact{}
	base := map[string]compare.Fact{}
	for name, value := range c.Config.Labels {
		switch name {
		case ocispecs.AnnotationBaseImageDigest:
			base["digest"] = compare.Fact{Value: value}
		case ocispecs.AnnotationBaseImageName:
			base["name"] = compare.Fact{Value: value}
		default:
			labels[name] = compare.Fact{Value: value}
		}
	}
	return map[compare.Kind]map[string]compare.Fact{
		compare.Config: config, compare.Environment: env, compare.Label: labels, compare.Base: base,
	}
}
