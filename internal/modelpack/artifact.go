package modelpack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is a model in a registry.
type Artifact struct {
	// Repository and Digest say where it is.
	Repository name.Repository
	Digest     digest.Digest
	// Kind is the media type that says what it is: the artifact type, or the
	// configuration's.
	Kind string
	// Image says that it is an image for containers, whose file system has the model,
	// such as a modelcar of KServe. Such an artifact has no Layers here.
	Image bool
	// Root is the directory of its files that is the model, "" for all of them.
	Root        string
	Layers      []Layer
	Annotations map[string]string
}

// Form is how a layer has its files.
type Form string

// The forms.
const (
	Raw     Form = "raw" // one file, as it is
	Tar     Form = "tar"
	TarGzip Form = "tar+gzip"
	TarZstd Form = "tar+zstd"
)

// Layer is a layer of an artifact.
type Layer struct {
	ocispecs.Descriptor
	Form Form
	// Path is that of the file of a raw layer, relative to Root.
	Path string
	// Files are the large files in it, as far as its annotations say; their paths are
	// relative to Root.
	Files []File
	// Image is the digest of an image that has this layer and no other, "" if there
	// is none: an image with the model's files has the layer as it is.
	Image digest.Digest
}

// ArtifactError is an artifact that cannot be read as a model.
type ArtifactError struct {
	// Reference is the artifact's, Problem continues a sentence about it.
	Reference, Problem string
}

// Error names the artifact.
func (e *ArtifactError) Error() string { return fmt.Sprintf("%s %s", e.Reference, e.Problem) }

// Open reads an artifact's manifest. It reads no layer.
func Open(ctx context.Context, ref name.Reference) (*Artifact, error) {
	c, err := registryclient.New()
	if err != nil {
		return nil, err
	}
	d, err := c.Puller.Get(ctx, ref)
	if registryclient.IsNotFound(err) {
		return nil, &ArtifactError{ref.String(), "is not in the registry"}
	}
	if code := registryclient.Status(err); code == http.StatusUnauthorized || code == http.StatusForbidden {
		return nil, fmt.Errorf("%s: %d %s: no credential was given, or one that does not allow it; give one by docker login %s",
			ref, code, http.StatusText(code), ref.Context().RegistryStr())
	}
	if err != nil {
		return nil, err
	}
	if d.MediaType.IsIndex() {
		return fromIndex(ctx, c, ref, d)
	}
	return fromManifest(ctx, c, ref, d)
}

// openManifest reads the manifest that an index names, which is no index again.
func openManifest(ctx context.Context, c *registryclient.Client, ref name.Reference) (*Artifact, error) {
	d, err := c.Puller.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if d.MediaType.IsIndex() {
		return nil, &ArtifactError{ref.String(), "is an index in an index"}
	}
	return fromManifest(ctx, c, ref, d)
}

func fromManifest(ctx context.Context, c *registryclient.Client, ref name.Reference, d *remote.Descriptor) (*Artifact, error) {
	a, err := parse(ref, d)
	if err != nil || a.Image {
		return a, err
	}
	if err := a.readKitfile(ctx, d); err != nil {
		return nil, err
	}
	return a, a.findImages(ctx, c)
}

// kitfileType is the type of a configuration that is a Kitfile of KitOps, as JSON.
const kitfileType = "application/vnd.kitops.modelkit.config.v1+json"

// maxKitfile limits a Kitfile, in bytes.
const maxKitfile = 1 << 20

// readKitfile finds the model's directory in an artifact of KitOps, whose archives have
// the paths of the project.
func (a *Artifact) readKitfile(ctx context.Context, d *remote.Descriptor) error {
	var m ocispecs.Manifest
	if json.Unmarshal(d.Manifest, &m) != nil || m.Config.MediaType != kitfileType {
		return nil
	}
	down, err := registryclient.NewDownloader(ctx, a.Repository)
	if err != nil {
		return err
	}
	if m.Config.Digest.Validate() != nil || m.Config.Size < 0 || m.Config.Size > maxKitfile {
		return &ArtifactError{a.Reference(), "has a Kitfile that is too large"}
	}
	blob, err := down.Blob(ctx, hashOf(m.Config.Digest), m.Config.Size)
	if err != nil {
		return err
	}
	defer blob.Close()
	data, err := io.ReadAll(blob)
	if err != nil {
		return err
	}
	var kitfile struct {
		Model struct {
			Path string `json:"path"`
		} `json:"model"`
	}
	if err := json.Unmarshal(data, &kitfile); err != nil || digest.FromBytes(data) != m.Config.Digest {
		return &ArtifactError{a.Reference(), "has a Kitfile that cannot be read"}
	}
	if dir := path.Clean(kitfile.Model.Path); a.Root == "" && dir != "." {
		if err := checkPath(dir); err != nil {
			return &ArtifactError{a.Reference(), "is refused: " + err.Error()}
		}
		a.Root = dir
	}
	return nil
}

// fromIndex reads the one model of an index, or, if its manifests are images, takes it
// for an image of several platforms.
func fromIndex(ctx context.Context, c *registryclient.Client, ref name.Reference, d *remote.Descriptor) (*Artifact, error) {
	var index ocispecs.Index
	if err := json.Unmarshal(d.Manifest, &index); err != nil {
		return nil, &ArtifactError{ref.String(), "is no index: " + err.Error()}
	}
	for _, m := range index.Manifests {
		if m.ArtifactType == ArtifactType {
			return openManifest(ctx, c, ref.Context().Digest(m.Digest.String()))
		}
	}
	if index.ArtifactType != "" {
		return nil, &ArtifactError{ref.String(), fmt.Sprintf("is no model but an index of the type %q", index.ArtifactType)}
	}
	return &Artifact{
		Repository: ref.Context(), Digest: digest.Digest(d.Digest.String()), Kind: string(d.MediaType),
		Image: true, Root: imageRoot, Annotations: index.Annotations,
	}, nil
}

// findImages finds the images by which a builder mounts layers. Whoever copied the
// artifact may have left them behind.
func (a *Artifact) findImages(ctx context.Context, c *registryclient.Client) error {
	for n, l := range a.Layers {
		if l.Form != Tar || len(l.Files) == 0 || a.Annotations[RootKey] == "" {
			continue
		}
		_, image := layerImage(l.Descriptor)
		_, there, err := c.Digest(ctx, a.Repository.Digest(image.digest().String()))
		if err != nil {
			return err
		}
		if there {
			a.Layers[n].Image = image.digest()
		}
	}
	return nil
}

// Reference is the artifact by its digest.
func (a *Artifact) Reference() string { return a.Repository.Digest(a.Digest.String()).String() }

// Size is the size of all layers.
func (a *Artifact) Size() int64 {
	var n int64
	for _, l := range a.Layers {
		n += l.Size
	}
	return n
}

// hashOf converts a digest.
func hashOf(d digest.Digest) v1.Hash {
	return v1.Hash{Algorithm: d.Algorithm().String(), Hex: d.Encoded()}
}

var errChanged = errors.New("the registry sent other bytes than the manifest says")
