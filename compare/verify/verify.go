// Package verify proves that an image is what its lock builds: it rebuilds the
// image and compares the two, down to the file and attribute or the
// configuration field that differs.
package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/internal/jsondiff"
	"github.com/deployfile/deployfile/report"
)

// DifferentError reports an image that differs from what its lock builds.
type DifferentError struct{ Report *report.Verification }

// Error names the platforms.
func (e *DifferentError) Error() string {
	n := 0
	for _, p := range e.Report.Platforms {
		if !p.Same {
			n++
		}
	}
	text := fmt.Sprintf("%s does not match its lock: %d of %d platforms differ", e.Report.Image, n, len(e.Report.Platforms))
	if len(e.Report.Causes) > 0 {
		text += "\nhint: the lock is not the one that the image was built from; check out the commit with that one"
	}
	return text
}

// Images compares an image with its rebuild.
func Images(ctx context.Context, was, is *image.Image) (*report.Verification, error) {
	r := &report.Verification{Image: was.Name, Digest: was.Root.Digest.String(), Same: true, Causes: []report.Difference{}}
	for _, a := range was.Platforms {
		b := is.Platform(a.Name)
		if b == nil {
			return nil, fmt.Errorf("the rebuild has no image for %s", a.Name)
		}
		p, err := platform(ctx, a, b)
		if err != nil {
			return nil, err
		}
		r.Same = r.Same && p.Same
		r.Platforms = append(r.Platforms, *p)
	}
	if r.Same {
		return r, nil
	}
	var err error
	r.Causes, err = causes(ctx, was, is)
	return r, err
}

// causes compares what the lock decides of two images.
func causes(ctx context.Context, was, is *image.Image) ([]report.Difference, error) {
	a, err := was.Contents(ctx, is)
	if err != nil {
		return nil, err
	}
	b, err := is.Contents(ctx, was)
	if err != nil {
		return nil, err
	}
	locked := []string{string(compare.Base), string(compare.Package), string(compare.SystemPackage), string(compare.ModelFile)}
	all := compare.Diff(a, b).Comparison().Changes
	return slices.DeleteFunc(all, func(d report.Difference) bool { return !slices.Contains(locked, d.Kind) }), nil
}

func platform(ctx context.Context, a, b *image.Platform) (*report.VerifiedPlatform, error) {
	p := &report.VerifiedPlatform{Platform: a.Name, Was: a.Descriptor.Digest.String(), Is: b.Descriptor.Digest.String(),
		Layers: []report.VerifiedLayer{}}
	if p.Same = p.Was == p.Is; p.Same {
		return p, nil
	}
	var err error
	if p.Layers, err = layers(ctx, a, b); err != nil {
		return nil, err
	}
	if p.Config, err = fieldDiffs(a.RawConfig, b.RawConfig, "rootfs.diff_ids"); err != nil {
		return nil, err
	}
	p.Manifest, err = fieldDiffs(a.RawManifest, b.RawManifest, "layers", "config.digest", "config.size")
	return p, err
}

// fieldDiffs lists the fields in which two JSON documents differ.
func fieldDiffs(was, is []byte, except ...string) ([]report.FieldDiff, error) {
	out := []report.FieldDiff{}
	differences, err := jsondiff.Compare(was, is, except...)
	for _, d := range differences {
		out = append(out, report.FieldDiff(d))
	}
	return out, err
}

// layers pairs the layers that differ, by the step that made them, else by
// position.
func layers(ctx context.Context, a, b *image.Platform) ([]report.VerifiedLayer, error) {
	out := []report.VerifiedLayer{}
	pairs := pair(a.Layers, b.Layers)
	for _, x := range pairs {
		l := report.VerifiedLayer{Files: []report.FileDiff{}}
		switch {
		case x.b < 0:
			l.Number, l.CreatedBy, l.Was = x.a+1, a.Layers[x.a].CreatedBy, a.Layers[x.a].Digest.String()
		case x.a < 0:
			l.Number, l.CreatedBy, l.Is = x.b+1, b.Layers[x.b].CreatedBy, b.Layers[x.b].Digest.String()
		default:
			from, to := a.Layers[x.a], b.Layers[x.b]
			if from.Digest == to.Digest {
				continue
			}
			l.Number, l.CreatedBy, l.Was, l.Is = x.a+1, from.CreatedBy, from.Digest.String(), to.Digest.String()
			if l.Compressed = from.DiffID == to.DiffID; !l.Compressed {
				var err error
				if l.Files, err = layerFiles(ctx, a, from, b, to); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, l)
	}
	return out, nil
}

func layerFiles(ctx context.Context, a *image.Platform, from image.Layer, b *image.Platform, to image.Layer) ([]report.FileDiff, error) {
	was, err := a.Files(ctx, from)
	if err != nil {
		return nil, err
	}
	is, err := b.Files(ctx, to)
	if err != nil {
		return nil, err
	}
	return compare.Files(was, is), nil
}

// indexes are the positions of a layer in two images, -1 where it is missing.
type indexes struct{ a, b int }

// pair returns for each layer of a its counterpart in b: the same layer, else
// the one of the same step, else, if the step has another name, the one at the
// same position.
func pair(a, b []image.Layer) []indexes {
	taken := map[int]bool{}
	partner := make([]int, len(a))
	for n := range partner {
		partner[n] = -1
	}
	for _, fits := range []func(n, m int) bool{
		func(n, m int) bool { return a[n].DiffID == b[m].DiffID },
		func(n, m int) bool { return a[n].CreatedBy != "" && a[n].CreatedBy == b[m].CreatedBy },
		func(n, m int) bool { return n == m && len(a) == len(b) },
	} {
		for n := range a {
			for m := range b {
				if partner[n] < 0 && !taken[m] && fits(n, m) {
					partner[n], taken[m] = m, true
				}
			}
		}
	}
	var out []indexes
	for n, m := range partner {
		out = append(out, indexes{n, m})
	}
	for m := range b {
		if !taken[m] {
			out = append(out, indexes{-1, m})
		}
	}
	return out
}
