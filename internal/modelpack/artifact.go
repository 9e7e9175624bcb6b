package modelpack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

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

// imageRoot is where an image for KServe has the model.
const imageRoot = "models"

func parse(ref name.Reference, d *remote.Descriptor) (*Artifact, error) {
	var m ocispecs.Manifest
	if err := json.Unmarshal(d.Manifest, &m); err != nil {
		return nil, &ArtifactError{ref.String(), "has no manifest that can be read: " + err.Error()}
	}
	a := &Artifact{
		Repository: ref.Context(), Digest: digest.Digest(d.Digest.String()), Kind: m.ArtifactType, Annotations: m.Annotations,
	}
	switch m.Config.MediaType {
	case ocispecs.MediaTypeImageConfig, "application/vnd.docker.container.image.v1+json":
		a.Kind, a.Image, a.Root = m.Config.MediaType, true, imageRoot
		return a, nil
	}
	if a.Kind == "" {
		a.Kind = m.Config.MediaType
	}
	if len(m.Layers) == 0 {
		return nil, &ArtifactError{ref.String(), "has no layers"}
	}
	for _, l := range m.Layers {
		layer, err := parseLayer(l)
		if err != nil {
			return nil, &ArtifactError{ref.String(), err.Error()}
		}
		a.Layers = append(a.Layers, layer)
	}
	if err := a.findRoot(); err != nil {
		return nil, &ArtifactError{ref.String(), err.Error()}
	}
	return a, nil
}

// parseLayer reads what a descriptor says of a layer.
func parseLayer(d ocispecs.Descriptor) (Layer, error) {
	l := Layer{Descriptor: d}
	if err := d.Digest.Validate(); err != nil || d.Digest.Algorithm() != digest.SHA256 {
		return l, fmt.Errorf("has a layer of the digest %q, which is no sha256", d.Digest)
	}
	if d.Size < 0 {
		return l, fmt.Errorf("has a layer of %d bytes", d.Size)
	}
	file := d.Annotations[pathKey]
	switch base, compression, _ := strings.Cut(d.MediaType, "+"); {
	case isTar(base) && compression == "":
		l.Form = Tar
	case isTar(base) && compression == "gzip", strings.HasSuffix(base, ".tar.gzip"):
		l.Form = TarGzip
	case isTar(base) && compression == "zstd":
		l.Form = TarZstd
	case compression != "" && compression != "json":
		return l, fmt.Errorf("has a layer of the type %q, which deployfile does not unpack", d.MediaType)
	case file == "":
		return l, fmt.Errorf("has a layer of the type %q without a file name (annotation %s): it is no MLflow Model", d.MediaType, pathKey)
	default:
		l.Form, l.Path = Raw, strings.TrimPrefix(file, "./")
		if err := checkPath(l.Path); err != nil {
			return l, fmt.Errorf("is refused: %w", err)
		}
	}
	return l, l.readFiles()
}

func isTar(mediaType string) bool { return strings.HasSuffix(mediaType, ".tar") }

var sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// readFiles reads what the annotations say of the files in a layer.
func (l *Layer) readFiles() error {
	if l.Form == Raw {
		f := File{Path: l.Path, Size: l.Size, SHA256: l.Digest.Encoded()}
		var d details
		if json.Unmarshal([]byte(l.Annotations[detailsKey]), &d) == nil {
			f.Executable = d.Mode&0o111 != 0
		}
		l.Files = []File{f}
		return nil
	}
	text := l.Annotations[FilesKey]
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), &l.Files); err != nil {
		return fmt.Errorf("has an annotation %s that cannot be read: %w", FilesKey, err)
	}
	for _, f := range l.Files {
		if err := checkPath(f.Path); err != nil {
			return fmt.Errorf("is refused: %w", err)
		}
		if !sha256Pattern.MatchString(f.SHA256) || f.Size < 0 || f.Link != "" {
			return fmt.Errorf("has an annotation %s with an invalid file", FilesKey)
		}
	}
	return nil
}

// findRoot finds the directory that is the model: by our own annotation, or by where a
// file MLmodel is.
func (a *Artifact) findRoot() error {
	root, ok := a.Annotations[RootKey]
	if ok {
		if err := checkPath(root); err != nil {
			return err
		}
		a.Root = root
		return nil
	}
	const file = "MLmodel"
	for _, l := range a.Layers {
		name := strings.TrimPrefix(l.Annotations[pathKey], "./")
		if path.Base(name) == file && checkPath(name) == nil && path.Dir(name) != "." {
			a.Root = path.Dir(name)
		}
	}
	if a.Root == "" {
		return nil
	}
	for n, l := range a.Layers {
		if l.Form != Raw {
			continue
		}
		below, ok := strings.CutPrefix(l.Path, a.Root+"/")
		if !ok {
			continue
		}
		a.Layers[n].Path, a.Layers[n].Files[0].Path = below, below
	}
	// What is beside the model, such as a licence, is none of it.
	a.Layers = slices.DeleteFunc(a.Layers, func(l Layer) bool { return l.Form == Raw && l.Path == strings.TrimPrefix(l.Annotations[pathKey], "./") })
	return nil
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
