package modelpack

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

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
