package llb

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// ModelImage returns the file system of the model's own artifact: its files at /, so
// that a Kubernetes image volume mounted at imagespec.ModelDir is the model. Large
// files have a layer each, as in the image. It does not depend on the environment, so
// the same model is the same artifact for every server.
func (p *Plan) ModelImage(in Inputs) *Image {
	i := &Image{Base: bkllb.Scratch(), Content: p.modelLayers(in, "/")}
	p.put(in, i, p.modelLayerNames())
	return i
}

// Modelcar is the file system of the model's image for KServe: the base image,
// since KServe starts it with a shell, and the model's files in imagespec.ModelcarDir. The
// environment's image has the same base, so that a node that serves has most of
// it already.
func (p *Plan) Modelcar(in Inputs) *Image {
	i := &Image{Base: in.Base, Content: p.modelLayers(in, imagespec.ModelcarDir)}
	p.put(in, i, p.modelLayerNames())
	return i
}

// ModelcarCheck is a step that fails if the base, which has that environment,
// lacks a program that KServe starts in a modelcar.
func (p *Plan) ModelcarCheck(in Inputs, env []string) bkllb.State {
	opts := []bkllb.RunOption{
		bkllb.Args([]string{"sh", "-c", "command -v ln && command -v ls && command -v mkdir && command -v sleep"}),
		bkllb.User(p.Config.User),
		bkllb.Network(pb.NetMode_NONE),
		bkllb.WithCustomName("look for what KServe starts in a modelcar"),
	}
	for _, e := range env {
		k, v, _ := strings.Cut(e, "=")
		opts = append(opts, bkllb.AddEnv(k, v))
	}
	for _, c := range in.Constraints {
		opts = append(opts, c)
	}
	return in.Base.Run(opts...).Root()
}

// ModelcarConfig is the configuration of a modelcar. Its user is the one of the
// image that serves: no other may look into its processes, which is how KServe
// makes the model's files seen.
func (p *Plan) ModelcarConfig(base dockerspec.DockerOCIImage) (*dockerspec.DockerOCIImage, error) {
	img, err := p.ModelConfig()
	if err != nil {
		return nil, err
	}
	img.History = append(slices.Clone(base.History), img.History...)
	img.Config.Env, img.Config.User = base.Config.Env, p.Config.User
	return img, nil
}

// ModelConfig returns the configuration of the model's own artifact. It has the labels
// of the model and starts nothing.
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
	for _, name := range []string{imagespec.LabelServerPort, ocispecs.AnnotationBaseImageName, ocispecs.AnnotationBaseImageDigest} {
		delete(img.Config.Labels, name)
	}
	return &img, nil
}

// modelLayerNames has a name for each of the model's layers.
func (p *Plan) modelLayerNames() []string {
	names := []string{"the model's small files"}
	for _, l := range p.Model.LargeLayers() {
		names = append(names, largeName(l))
	}
	if len(p.Model.Links) > 0 {
		names = append(names, linksTitle)
	}
	return names
}

// largeName names a layer of large files.
func largeName(files []string) string {
	if len(files) == 1 {
		return "the model's " + files[0]
	}
	return fmt.Sprintf("the model's %s and %d more large files", files[0], len(files)-1)
}
