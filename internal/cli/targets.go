package cli

import (
	"context"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deploy"
	"github.com/moby/buildkit/client"
	"github.com/spf13/pflag"
)

// fileFlags select the Deployfile, for commands whose arguments are targets and that
// build nothing.
type fileFlags struct{ inputFlags }

func (f *fileFlags) add(flags *pflag.FlagSet, s streams) {
	f.place.add(flags, s)
	flags.StringArrayVar(&f.args, "build-arg", nil, "a build argument that the Deployfile refers to, `NAME=VALUE`")
}

// releaseFlags select what is deployed: a build, or an existing image.
type releaseFlags struct {
	inputFlags
	images deploy.Images
}

func (f *releaseFlags) add(flags *pflag.FlagSet, s streams) {
	f.inputFlags.add(flags, s)
	f.addLocked(flags)
	f.addLabels(flags)
	f.addCacheTo(flags)
	flags.StringVar(&f.images.Image, "image", "", "build nothing, and take this `IMAGE`: REPOSITORY@sha256:…, REPOSITORY:TAG, or an engine's image id")
	flags.StringVar(&f.images.ModelImage, "model-image", "", "the `IMAGE` of the model alone: with --image, the model's own artifact, for targets with model-volume or modelcar = true; or its place in S3, for model-data")
}

// deployer returns the verbs for the targets of the Deployfile of a directory, which
// report what they do by steps.
func (f *inputFlags) deployer(ctx context.Context, s streams, dir string, steps *steps) (*deploy.Deployer, error) {
	p, err := f.open(ctx, dir)
	if err != nil {
		return nil, err
	}
	return f.deployerOf(p, s, steps)
}

// deployerFor returns the verbs that build nothing, for targets with these names. What
// the Deployfile says of others may be wrong.
func (f *inputFlags) deployerFor(ctx context.Context, s streams, dir string, steps *steps, names ...string) (*deploy.Deployer, error) {
	args, err := f.buildArgs()
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
	source, err := f.read(ctx, dir)
	if err != nil {
		return nil, err
	}
	p, err := build.ParseTargets(dir, f.path(), source, args, names)
	if err != nil {
		return nil, err
	}
	return f.deployerOf(p, s, steps)
}

func (f *inputFlags) deployerOf(p *build.Project, s streams, steps *steps) (*deploy.Deployer, error) {
	opt, err := f.options(p, "", s)
	if err != nil {
		return nil, err
	}
	warn := func(warnings []client.VertexWarning) { s.warn(warningsOf(warnings)...) }
	return &deploy.Deployer{Project: p, Build: opt, Builder: f.builderFlags.options(), Progress: steps, Warn: warn}, nil
}

// addAll adds the flag of commands that can do all targets at once.
func addAll(flags *pflag.FlagSet, all *bool) {
	flags.BoolVar(all, "all", false, "all targets of the Deployfile")
}

// first returns the first argument, "" without arguments.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
