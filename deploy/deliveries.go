package deploy

import (
	"context"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/imageformat"
)

// deliveries builds what targets need, each image once.
type deliveries struct {
	*Deployer
	builder *builder.Builder

	engine *build.Engine
	made   map[string]string // digests, by output and format
}

func (w *deliveries) close() {
	if w.engine != nil {
		_ = w.engine.Close()
	}
}

// image delivers the image of a target and returns its name there.
func (w *deliveries) image(ctx context.Context, d delivery, all []delivery) (string, error) {
	switch {
	case d.Image == "":
		return w.imported(ctx, d)
	case d.stores():
		return w.pushed(ctx, d, frontend.OutputEnvData, all)
	case d.model() != "":
		return w.pushed(ctx, d, frontend.OutputEnv, all)
	}
	return w.pushed(ctx, d, frontend.OutputImage, all)
}

// pushed returns the name of an output in the target's repository. The first
// target that needs it has it pushed for all.
func (w *deliveries) pushed(ctx context.Context, d delivery, output string, all []delivery) (string, error) {
	format := formatOf(d.Target)
	key := output + " " + format
	if _, done := w.made[key]; !done {
		var repositories []string
		for _, other := range all {
			if other.Image != "" && !other.dry && formatOf(other.Target) == format && other.needs(output) && !slices.Contains(repositories, other.Image) {
				repositories = append(repositories, other.Image)
			}
		}
		dgst, err := w.push(ctx, output, format, repositories)
		if err != nil {
			return "", err
		}
		if w.made == nil {
			w.made = map[string]string{}
		}
		w.made[key] = dgst
	}
	return d.Image + "@" + w.made[key], nil
}

// needs reports whether a target gets that output of the frontend.
func (d delivery) needs(output string) bool {
	if d.stores() {
		return output == frontend.OutputEnvData
	}
	if model := d.model(); model != "" {
		return output == frontend.OutputEnv || output == model
	}
	return output == frontend.OutputImage
}

// model returns the output that is the model's own image, "" if it has none.
func (d delivery) model() string {
	switch d.ModelApart() {
	case deployfile.Modelcar:
		return frontend.OutputModelcar
	case deployfile.ModelVolume:
		return frontend.OutputModel
	}
	return ""
}

// formatOf returns the format of a target's image, "" for what the builder makes.
func formatOf(t deployfile.Target) string {
	if t.Format == imageformat.OCI {
		return ""
	}
	return t.Format
}
