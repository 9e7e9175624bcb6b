package build

import (
	"context"
	"strings"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/modelpack"
	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// pinArtifact asks a registry what an oci:// source stands for, unless the lock says so.
// It returns nil for an image, which the builder pins by itself.
func pinArtifact(ctx context.Context, source string, lock *resolver.Lock, o Options) (*modelsource.Pin, error) {
	upgrades := o.Target == frontend.OutputLock && frontend.UpgradesModel(o.Args)
	if lock != nil && lock.ModelSource != nil && lock.ModelSource.Source == source && !upgrades {
		return nil, nil
	}
	return resolveArtifact(ctx, source)
}

// resolveArtifact returns what a name in a registry stands for now, nil if it is an
// image, which the builder resolves.
func resolveArtifact(ctx context.Context, source string) (*modelsource.Pin, error) {
	ref, err := registryclient.ParseReference(strings.TrimPrefix(source, modelsource.OCIPrefix))
	if err != nil {
		return nil, err
	}
	a, err := modelpack.Open(ctx, ref)
	if err != nil || a.Image {
		return nil, err
	}
	pin := &modelsource.Pin{
		Source: source, Resolved: a.Reference(), Root: a.Root,
		Name: a.Annotations[imagespec.LabelModelRegisteredName], Version: a.Annotations[imagespec.LabelModelRegisteredVersion],
		ModelID: a.Annotations[imagespec.LabelModelID], RunID: a.Annotations[imagespec.LabelModelRunID],
		Commit: a.Annotations[ocispecs.AnnotationRevision],
	}
	for _, l := range a.Layers {
		layer := modelsource.Layer{Digest: l.Digest.String(), Size: l.Size, Form: string(l.Form), Image: l.Image.String()}
		if l.Image != "" || l.Form == modelpack.Raw {
			for _, f := range l.Files {
				layer.Files = append(layer.Files, modelsource.LayerFile{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Executable: f.Executable})
			}
		}
		pin.Layers = append(pin.Layers, layer)
	}
	return pin, pin.Check()
}
