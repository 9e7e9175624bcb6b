package frontend

import (
	"context"

	"github.com/deployfile/deployfile/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// The names of the outputs, for callers that ask for one.
const (
	OutputImage    = "image"
	OutputLock     = "lock"
	OutputVerify   = "verify"
	OutputEnv      = "env"
	OutputModel    = "model"
	OutputModelcar = "modelcar"
	OutputEnvData  = "env-model-data"
	OutputPlan     = "plan"
	OutputSBOM     = "sbom"
	OutputWheels   = "wheels"
	OutputEject    = "eject"
)

// Output is something that a build can produce.
type Output struct {
	// Name is the value of --target.
	Name string
	// Description is a phrase that completes "makes".
	Description string
	// Image reports whether the output is an image. Another one is a directory of
	// files, or nothing.
	Image bool
}

// Outputs lists the outputs, the default first.
func Outputs() []Output {
	var out []Output
	for _, o := range outputs() {
		out = append(out, Output{Name: o.name, Description: o.description, Image: o.image != nil})
	}
	return out
}

// output is an Output with its handler. To add one, add it to outputs, and its name to
// deployfile.Outputs.
type output struct {
	name, description string
	// build produces the output.
	build func(context.Context, *inputs) (*gwclient.Result, error)
	// image is the contents of an image, nil for other outputs.
	image *contents
	// relocks reports whether the output makes a new lock, and so does without one
	// that cannot be read.
	relocks bool
}

// contents describes the contents of an image.
type contents struct {
	// environment reports whether the Python packages are in it.
	environment bool
	// server reports whether it has all that answers requests, so that it can be
	// verified.
	server bool
	// reduce removes from a plan what the image does not have; nil for nothing.
	reduce func(*llb.Plan)
	// layers makes the file system.
	layers func(*llb.Plan, llb.Inputs) (*llb.Image, error)
	// config makes the configuration. own is nil for an image without a base.
	config func(p *llb.Plan, base dockerspec.DockerOCIImage) (config, own *dockerspec.DockerOCIImage, err error)
	// check returns an error if the image cannot be used; nil for no check.
	check func(context.Context, *compiled) error
}

// model reports whether the model is in it.
func (c *contents) model() bool { return c.server || !c.environment }

// outputs returns the list of all outputs, the default first.
func outputs() []output {
	return []output{
		{name: OutputImage, description: "the image with the model and its server", build: buildImage, image: wholeImage()},
		{name: OutputLock, description: "Deployfile.lock and pylock.toml; write them with -o .", build: buildLock, relocks: true},
		{name: OutputVerify, description: "nothing: starts the image and sends it a request", build: buildVerify},
		{name: OutputEnv, description: "the image without the model and its code", build: buildImage, image: &contents{
			environment: true, reduce: (*llb.Plan).WithoutModel, layers: (*llb.Plan).Image, config: imageConfig,
		}},
		{name: OutputModel, description: "the model alone, as an image that can be mounted", build: buildImage, image: &contents{
			layers: modelLayers, config: modelConfig,
		}},
		{name: OutputModelcar, description: "the model on the base image, as a storageUri oci:// of KServe", build: buildImage, image: &contents{
			layers: modelcarLayers, config: modelcarConfig, check: checkModelcar,
		}},
		{name: OutputEnvData, description: "the image without the model, for model-data of SageMaker", build: buildImage, image: &contents{
			environment: true, reduce: (*llb.Plan).WithModelData, layers: (*llb.Plan).Image, config: imageConfig,
		}},
		{name: OutputPlan, description: "what the image is made of, as JSON", build: buildPlan},
		{name: OutputSBOM, description: "SBOMs, SPDX and CycloneDX", build: buildSBOM},
		{name: OutputWheels, description: "the wheels that no index has: built from source, or from the context", build: buildWheels},
		{name: OutputEject, description: "a Dockerfile with all that it needs, which builds without deployfile", build: buildEject},
	}
}

// wholeImage returns the contents of the image that serves the model.
func wholeImage() *contents {
	return &contents{environment: true, server: true, layers: (*llb.Plan).Image, config: imageConfig}
}

func imageConfig(p *llb.Plan, base dockerspec.DockerOCIImage) (config, own *dockerspec.DockerOCIImage, err error) {
	config, err = p.ImageConfig(base)
	return config, &base, err
}

func modelLayers(p *llb.Plan, in llb.Inputs) (*llb.Image, error) { return p.ModelImage(in), nil }

func modelConfig(p *llb.Plan, _ dockerspec.DockerOCIImage) (config, own *dockerspec.DockerOCIImage, err error) {
	config, err = p.ModelConfig()
	return config, nil, err
}

func modelcarLayers(p *llb.Plan, in llb.Inputs) (*llb.Image, error) { return p.Modelcar(in), nil }

func modelcarConfig(p *llb.Plan, base dockerspec.DockerOCIImage) (config, own *dockerspec.DockerOCIImage, err error) {
	config, err = p.ModelcarConfig(base)
	return config, &base, err
}

// findOutput returns the output that --target names. A target of the Deployfile
// has the default one, since the image is the same for all of them; whether there
// is a target of that name is not known before the Deployfile is read.
func findOutput(target string) output {
	all := outputs()
	for _, o := range all {
		if o.name == target {
			return o
		}
	}
	return all[0]
}
