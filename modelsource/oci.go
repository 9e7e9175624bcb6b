package modelsource

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/layering"
	"github.com/distribution/reference"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
)

// OCI is the scheme oci://REF: a model in a registry, as an artifact of ModelPack or
// its kin, or an image with the model in /models, as KServe takes it. The client reads
// the artifact's manifest when a lock is made; the builder fetches its blobs by their
// digests.
type OCI struct{}

// OCIPrefix is in front of such a source.
const OCIPrefix = "oci://"

// Match implements Scheme.
func (OCI) Match(source string) bool { return strings.HasPrefix(source, OCIPrefix) }

// Check implements Scheme.
func (OCI) Check(source string) error {
	_, err := reference.ParseNormalizedNamed(strings.TrimPrefix(source, OCIPrefix))
	if err != nil {
		return fmt.Errorf("model.source %q: %w", source, err)
	}
	return nil
}

// Local implements Scheme.
func (OCI) Local(string) string { return "" }

// Pin implements Scheme: an image by its digest. No builder tells what is in an
// artifact, so that only the command line pins one.
func (OCI) Pin(ctx context.Context, b Builder, source string) (string, error) {
	named, err := reference.ParseNormalizedNamed(strings.TrimPrefix(source, OCIPrefix))
	if err != nil {
		return "", err
	}
	md, err := b.Metadata(ctx, bkllb.Image(reference.TagNameOnly(named).String()), sourceresolver.Opt{
		LogName:  "find the digest of " + reference.FamiliarString(named),
		ImageOpt: &sourceresolver.ResolveImageOpt{},
	})
	if err != nil {
		return "", fmt.Errorf("%q is no image; an artifact is pinned by deployfile lock, whose lock any builder builds from: %w", source, err)
	}
	pinned, err := reference.WithDigest(reference.TrimNamed(named), md.Image.Digest)
	if err != nil {
		return "", err
	}
	return pinned.String(), nil
}

// Tree implements Scheme.
func (OCI) Tree(r Request) (Tree, error) {
	named, err := reference.ParseNormalizedNamed(r.Pin)
	if err != nil {
		return Tree{}, fmt.Errorf("the lock pins the model to %q: %w", r.Pin, err)
	}
	if _, ok := named.(reference.Canonical); !ok {
		return Tree{}, fmt.Errorf("the lock pins the model to %q, which has no digest; run deployfile lock", r.Pin)
	}
	if len(r.Layers) == 0 {
		return Tree{State: bkllb.Image(named.String()), Dir: strings.TrimPrefix(imagespec.ModelcarDir, "/")}, nil
	}
	if !r.Blobs {
		return Tree{}, errNoBlobs
	}
	t := Tree{State: bkllb.Scratch(), Dir: r.Root, Large: map[string]bkllb.State{}, named: map[string]string{}}
	for _, l := range r.Layers {
		if err := l.Check(); err != nil {
			return Tree{}, err
		}
		t.add(reference.TrimNamed(named), l)
	}
	return t.withDirectories(), nil
}

var errNoBlobs = errors.New("the builder does not fetch blobs of registries, which BuildKit does since version 0.28: " +
	"use a newer builder, or name a directory to which deployfile model pull has pulled the model")

// add adds the files of a layer.
func (t *Tree) add(repository reference.Named, l Layer) {
	switch {
	case l.Form == FormRaw:
		f := l.Files[0]
		blob := blobState(repository, l, path.Base(f.Path), bkllb.Chmod(f.mode()))
		if f.Size < layering.Large {
			t.State = t.State.File(bkllb.Copy(blob, "/"+path.Base(f.Path), t.Path(f.Path), &bkllb.CopyInfo{CreateDestPath: true}),
				bkllb.WithCustomNamef("[internal] the model's %s", f.Path))
			return
		}
		t.Large[f.Path], t.named[f.Path] = blob, path.Base(f.Path)
		t.Known = append(t.Known, f)
	case l.Image != "":
		image := bkllb.Image(repository.Name()+"@"+l.Image, bkllb.WithCustomNamef("the model's %s in the registry", l.Files[0].Path))
		t.Mounted = append(t.Mounted, Mounted{State: image, Files: l.Files})
		t.Known = append(t.Known, l.Files...)
	default:
		const file = "layer"
		blob := blobState(repository, l, file, bkllb.Chmod(0o444))
		t.State = t.State.File(bkllb.Copy(blob, "/"+file, "/", &bkllb.CopyInfo{AttemptUnpack: true, CreateDestPath: true}),
			bkllb.WithCustomName("unpack the model's layer "+l.Digest))
	}
}

func blobState(repository reference.Named, l Layer, file string, mode bkllb.FileInfoOption) bkllb.State {
	return bkllb.ImageBlob(repository.Name()+"@"+l.Digest, bkllb.Filename(file), mode,
		bkllb.WithCustomName("fetch the model's layer "+l.Digest))
}
