package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Images names images that are deployed instead of a build; the zero value builds.
type Images struct {
	// Image is REPOSITORY@sha256:…, REPOSITORY:TAG or an engine's image id.
	Image string
	// ModelImage is the model's own artifact, for targets with model-volume or
	// modelcar = true, or where its files are, for targets with model-data. For these
	// "" is the model of the Deployfile.
	ModelImage string
}

// check reports what cannot work before anything is built.
func (i Images) check(targets []deployfile.Target) error {
	if i.Image == "" && i.ModelImage != "" {
		return usage("--model-image goes with --image")
	}
	inStore := strings.HasPrefix(i.ModelImage, "s3://")
	for _, x := range []struct{ flag, image string }{{"image", i.Image}, {"model-image", i.ModelImage}} {
		if inStore && x.image == i.ModelImage {
			continue
		}
		if _, err := reference.ParseAnyReference(x.image); x.image != "" && err != nil {
			return &build.UsageError{Option: x.flag, Err: fmt.Errorf("%q: %w", x.image, err)}
		}
	}
	apart := map[string]string{}
	for _, t := range targets {
		key := t.ModelApart()
		apart[key] = t.Name
		switch {
		case i.ModelImage != "" && key != "" && inStore != (key == deployfile.ModelData):
			return usage("--model-image: target %q has %s, which takes no %s", t.Name, key, i.ModelImage)
		case i.Image != "" && key != "" && key != deployfile.ModelData && i.ModelImage == "":
			return usage("target %q has %s = true: name the model's own image with --model-image", t.Name, key)
		case i.Image != "" && isDigest(i.Image) && t.Needs().Store == deployfile.StoreNone:
			return usage("--image: only an engine knows %s, and target %q needs REPOSITORY@sha256:… or REPOSITORY:TAG", i.Image, t.Name)
		case i.Image == "" && t.Image == "" && t.Needs().Store == deployfile.StoreNone:
			return usage("there is no repository that target %q could pull from: set image in [targets.%[1]s], or tags in [image]", t.Name)
		}
	}
	if i.ModelImage == "" {
		return nil
	}
	if within := apart[""]; within != "" {
		return usage("--model-image: target %q takes an image with the model in it: name the targets with model-volume, modelcar or model-data", within)
	}
	if car, volume := apart[deployfile.Modelcar], apart[deployfile.ModelVolume]; car != "" && volume != "" {
		return usage("--model-image: targets %q and %q take the model in images of two forms: name one target", volume, car)
	}
	return nil
}

// isDigest reports whether an image is named by its id alone.
func isDigest(image string) bool {
	_, err := digest.Parse(image)
	return err == nil
}

// delivery is a target that gets a release, and how its image gets there.
type delivery struct {
	deployfile.Target
	// importer takes the image; nil if the target pulls it, or for a dry run.
	importer publish.Importer
	// dry leaves the image where it is built.
	dry bool
	// host knows the platforms of the target, nil if nothing does.
	host publish.Host
	// receiver prepares the repository of the target, nil if nothing has to.
	receiver publish.Receiver
	// keeper keeps the files of models, nil if nothing does.
	keeper publish.ModelKeeper
	// had are the images of the target's revisions, as the target names them.
	had []string
}

// deliveryTo returns how the target of a session gets its image.
func deliveryTo(s *session, dry bool) delivery {
	d := delivery{Target: s.Target, dry: dry, host: hostOf(s.publisher)}
	for _, r := range s.revisions {
		d.had = append(d.had, r.State.Newest().Image)
	}
	if importer, ok := s.publisher.(publish.Importer); ok && s.Target.Image == "" {
		d.importer = importer
	}
	d.keeper, _ = s.publisher.(publish.ModelKeeper)
	if receiver, ok := s.publisher.(publish.Receiver); ok && !dry && s.Target.Image != "" {
		d.receiver = receiver
	}
	return d
}

// releases builds or resolves the images, delivers them, and returns what each
// target is to have.
func (d *Deployer) releases(ctx context.Context, images Images, to []delivery) ([]manifests.Release, error) {
	p := d.Project
	out := make([]manifests.Release, len(to))
	for n, x := range to {
		out[n] = manifests.Release{
			Model: p.File.Model.Name, Version: p.File.Model.Version, Target: x.Target,
			Port: p.File.Server.Port, User: p.File.Image.User, Protocols: p.File.Server.Besides(),
			FileDigest: digest.FromBytes(p.Source).String(),
		}
	}
	if images.Image != "" {
		err := d.named(ctx, images, out, to)
		if err != nil || images.ModelImage != "" || !slices.ContainsFunc(to, delivery.stores) {
			return out, err
		}
	}
	if slices.ContainsFunc(to, delivery.stores) {
		// It is wanted later; a build makes none.
		if _, err := d.lockedModel(ctx); err != nil {
			return nil, err
		}
	}
	b, err := builder.Find(ctx, d.Builder)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	work := &deliveries{Deployer: d, builder: b}
	defer work.close()
	if images.Image == "" {
		err = work.built(ctx, out, to)
	} else {
		// The lock names the files of the model: it must be the current one.
		_, err = work.run(ctx, work.options(frontend.OutputModel))
	}
	for n, x := range to {
		if err == nil && x.stores() {
			out[n].ModelImage, err = work.stored(ctx, x)
		}
	}
	if err != nil || images.Image != "" {
		return out, err
	}
	// Only now: a build may write the lock again.
	lock, err := p.LockDigest(ctx)
	if err != nil {
		return out, err
	}
	// A later dry run says in packages what it would change, if it finds this lock.
	_ = p.KeepLock(ctx)
	dir, err := workingDir(ctx, p)
	for n := range out {
		out[n].LockDigest = lock
		if to[n].model() != "" {
			out[n].WorkingDir = dir
		}
	}
	return out, err
}

// built builds the images, and delivers them.
func (w *deliveries) built(ctx context.Context, out []manifests.Release, to []delivery) (err error) {
	if err := w.checkPlatforms(ctx, to); err != nil {
		return err
	}
	for _, x := range to {
		if x.receiver == nil {
			continue
		}
		if err := x.receiver.Receive(ctx); err != nil {
			return atTarget(x.Target, err)
		}
	}
	for n, x := range to {
		if out[n].Image, err = w.image(ctx, x, to); err != nil {
			return err
		}
		if model := x.model(); model != "" {
			if out[n].ModelImage, err = w.pushed(ctx, x, model, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// workingDir is where the server of a mounted model starts: the environment's image,
// which knows no model, does not say it. It is "" without a lock.
func workingDir(ctx context.Context, p *build.Project) (string, error) {
	files, err := build.ReadLock(ctx, p.Path+build.LockSuffix)
	if err != nil {
		return "", err
	}
	lock, err := files.Decode()
	if err != nil || lock == nil {
		return "", err
	}
	var platforms []string
	for _, locked := range lock.Platforms {
		platforms = append(platforms, locked.Name)
	}
	if dir := llb.WorkingDir(p.File, lock, platforms...); dir != imagespec.ModelDir {
		return dir, nil
	}
	return "", nil
}

// named gives all releases the images that are named. Which lock they were built
// from is unknown: an image does not have it, and the lock at hand may be another.
func (d *Deployer) named(ctx context.Context, images Images, releases []manifests.Release, to []delivery) error {
	image, err := d.pinned(ctx, images.Image)
	if err != nil {
		return err
	}
	if err := d.checkNamed(ctx, to, image); err != nil {
		return err
	}
	model := images.ModelImage
	if model != "" && !strings.HasPrefix(model, "s3://") {
		if model, err = d.pinned(ctx, images.ModelImage); err != nil {
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
