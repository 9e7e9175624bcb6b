package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/imageformat"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"github.com/spf13/pflag"
)

// releaseFlags say what is deployed: what they build, or an image that is there.
type releaseFlags struct {
	inputFlags
	folder            string
	image, modelImage string
}

func (f *releaseFlags) add(flags *pflag.FlagSet) {
	f.inputFlags.add(flags)
	f.addLocked(flags)
	addFolder(flags, &f.folder)
	flags.StringArrayVar(&f.labels, "label", nil, "a label of the image, NAME=VALUE")
	flags.StringArrayVar(&f.cacheTo, "cache-to", nil, "a cache to write to, as buildx has it")
	flags.StringVar(&f.image, "image", "", "build nothing, and take this image: REPOSITORY@sha256:…, REPOSITORY:TAG, or an engine's image id")
	flags.StringVar(&f.modelImage, "model-image", "", "with --image, the model's own artifact, for targets with model-volume or modelcar = true")
}

func (f *releaseFlags) open(ctx context.Context) (*project, error) {
	return f.inputFlags.open(ctx, f.folder)
}

// check finds what cannot work before anything is built.
func (f *releaseFlags) check(targets []deployfile.Target) error {
	if f.image == "" && f.modelImage != "" {
		return &usageError{errors.New("--model-image goes with --image")}
	}
	for flag, image := range map[string]string{"image": f.image, "model-image": f.modelImage} {
		if _, err := reference.ParseAnyReference(image); image != "" && err != nil {
			return &usageError{fmt.Errorf("--%s: %q: %w", flag, image, err)}
		}
	}
	apart := map[string]string{}
	for _, t := range targets {
		key := t.ModelApart()
		apart[key] = t.Name
		switch {
		case f.image != "" && key != "" && f.modelImage == "":
			return &usageError{fmt.Errorf("target %q has %s = true: name the model's own image with --model-image", t.Name, key)}
		case f.image != "" && isDigest(f.image) && !isEngine(t):
			return &usageError{fmt.Errorf("--image: only an engine knows %s, and target %q needs REPOSITORY@sha256:… or REPOSITORY:TAG", f.image, t.Name)}
		case f.image == "" && t.Image == "" && !isEngine(t):
			return &usageError{fmt.Errorf("there is no repository that target %q could pull from: set image in [targets.%[1]s], or tags in [image]", t.Name)}
		}
	}
	if f.modelImage == "" {
		return nil
	}
	if within := apart[""]; within != "" {
		return &usageError{fmt.Errorf("--model-image: target %q takes an image with the model in it: name the targets with model-volume or modelcar", within)}
	}
	if car, volume := apart["modelcar"], apart["model-volume"]; car != "" && volume != "" {
		return &usageError{fmt.Errorf("--model-image: targets %q and %q take the model in images of two forms: name one target", volume, car)}
	}
	return nil
}

// isEngine says whether a target has an image store of its own.
func isEngine(t deployfile.Target) bool { return t.Kind == "docker" || t.Kind == "containerd" }

// isDigest says whether an image is named by its id alone.
func isDigest(image string) bool {
	_, err := digest.Parse(image)
	return err == nil
}

// delivery is a target that gets a release, and how its image comes there.
type delivery struct {
	deployfile.Target
	// importer takes the image; nil if the target pulls it, or if nothing is
	// to change anywhere.
	importer publish.Importer
	// dry leaves the image where it is built.
	dry bool
	// had are images that the target has by another name than the registry's.
	had []string
}

// deliveryTo is how a place gets its image.
func deliveryTo(at *place, dry bool) delivery {
	d := delivery{Target: at.Target, dry: dry}
	for _, r := range at.revisions {
		d.had = append(d.had, r.State.Newest().Image)
	}
	if importer, ok := at.publisher.(publish.Importer); ok && at.Target.Image == "" {
		d.importer = importer
	}
	return d
}

// releases are what each target gets, its image in its place.
func (f *releaseFlags) releases(ctx context.Context, s streams, p *project, to []delivery, steps *steps) ([]manifests.Release, error) {
	out := make([]manifests.Release, len(to))
	for n, d := range to {
		out[n] = manifests.Release{
			Model: p.file.Model.Name, Version: p.file.Model.Version, Target: d.Target,
			Port: p.file.Server.Port, User: p.file.Image.User,
			FileDigest: digest.FromBytes(p.source).String(),
		}
	}
	if f.image != "" {
		return out, f.named(ctx, out, steps)
	}
	b, err := f.find(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	lock, err := lockDigest(ctx, p.path)
	if err != nil {
		return nil, err
	}
	work := &deliveries{flags: f, streams: s, project: p, builder: b, steps: steps}
	defer work.close()
	for n, d := range to {
		out[n].LockDigest = lock
		if out[n].Image, err = work.image(ctx, d, to); err != nil {
			return nil, err
		}
		if model := d.model(); model != "" {
			if out[n].ModelImage, err = work.pushed(ctx, d, model, to); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// named gives all releases the image of --image. Which lock it was built from is
// not known: an image does not say it, and the lock at hand may be another one.
func (f *releaseFlags) named(ctx context.Context, releases []manifests.Release, steps *steps) error {
	image, err := pinnedImage(ctx, f.image, steps)
	if err != nil {
		return err
	}
	model := ""
	if f.modelImage != "" {
		if model, err = pinnedImage(ctx, f.modelImage, steps); err != nil {
			return err
		}
	}
	for n := range releases {
		releases[n].Image = image
		if releases[n].Target.ModelApart() != "" {
			releases[n].ModelImage = model
		}
	}
	return nil
}

// deliveries build what targets need, each image once.
type deliveries struct {
	flags   *releaseFlags
	streams streams
	project *project
	builder *builder.Builder
	steps   *steps

	engine *build.Engine
	made   map[string]string // digests, by frontend target and format
}

func (w *deliveries) close() {
	if w.engine != nil {
		_ = w.engine.Close()
	}
}

// image is how a target calls its image.
func (w *deliveries) image(ctx context.Context, d delivery, all []delivery) (string, error) {
	switch {
	case d.Image == "":
		return w.imported(ctx, d)
	case d.model() != "":
		return w.pushed(ctx, d, frontend.OutputEnv, all)
	}
	return w.pushed(ctx, d, frontend.OutputImage, all)
}

// pushed is an image of the target's repository. The first target that needs it
// has it pushed for all.
func (w *deliveries) pushed(ctx context.Context, d delivery, what string, all []delivery) (string, error) {
	format := formatOf(d.Target)
	key := what + " " + format
	if _, done := w.made[key]; !done {
		var repositories []string
		for _, other := range all {
			if other.Image != "" && !other.dry && formatOf(other.Target) == format && other.needs(what) && !slices.Contains(repositories, other.Image) {
				repositories = append(repositories, other.Image)
			}
		}
		dgst, err := w.push(ctx, what, format, repositories)
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

// needs says whether a target gets that result of the frontend.
func (d delivery) needs(what string) bool {
	if model := d.model(); model != "" {
		return what == frontend.OutputEnv || what == model
	}
	return what == frontend.OutputImage
}

// model is the result of the frontend that is the model's own image, "" if the
// model is part of the image.
func (d delivery) model() string {
	switch {
	case d.Modelcar:
		return frontend.OutputModelcar
	case d.ModelVolume:
		return frontend.OutputModel
	}
	return ""
}

// formatOf is the form of a target's image, "" for what the builder makes.
func formatOf(t deployfile.Target) string {
	if t.Format == imageformat.OCI {
		return ""
	}
	return t.Format
}
