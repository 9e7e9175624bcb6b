package llb

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// ModelImage is the file system of the model's own artifact: its files at /, so
// that a Kubernetes image volume mounted at ModelDir is the model. Large files
// have a layer each, as in the image. It knows nothing of the environment: the
// same model is the same artifact whatever serves it.
func (p *Plan) ModelImage(in Inputs) *Image {
	i := &Image{Base: llb.Scratch(), Content: p.modelLayers(in, "/")}
	i.put(in, p.modelLayerNames())
	return i
}

// ModelConfig is the configuration of the model's own artifact. It says which
// model it is, and starts nothing.
func (p *Plan) ModelConfig() (*dockerspec.DockerOCIImage, error) {
	created, err := time.Parse(time.RFC3339, p.Config.Created)
	if err != nil {
		return nil, fmt.Errorf("time of creation: %w", err)
	}
	created = created.UTC()
	var img dockerspec.DockerOCIImage
	img.Created = &created
	img.OS, img.Architecture, _ = strings.Cut(p.Platform, "/")
	img.RootFS = ocispecs.RootFS{Type: "layers"}
	for _, name := range p.modelLayerNames() {
		img.History = append(img.History, ocispecs.History{Created: &created, CreatedBy: name, Comment: "deployfile"})
	}
	img.Config.Labels = maps.Clone(p.Config.Labels)
	for _, name := range []string{LabelPrefix + "server.port", ocispecs.AnnotationBaseImageName, ocispecs.AnnotationBaseImageDigest} {
		delete(img.Config.Labels, name)
	}
	return &img, nil
}

// modelLayerNames has a name for each of the model's layers.
func (p *Plan) modelLayerNames() []string {
	names := []string{"the model's small files"}
	for _, f := range p.Model.Large {
		names = append(names, "the model's "+f)
	}
	return names
}
