package cli

import (
	"context"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deploy"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// fileFlags say which Deployfile is meant, for commands whose arguments are
// targets and that build nothing.
type fileFlags struct {
	inputFlags
	folder string
}

func (f *fileFlags) add(flags *pflag.FlagSet) {
	addFolder(flags, &f.folder)
	flags.StringVarP(&f.file, "file", "f", "", `the Deployfile (default "FOLDER/Deployfile")`)
	flags.StringArrayVar(&f.args, "build-arg", nil, "a build argument that the Deployfile refers to, NAME=VALUE")
}

func (f *fileFlags) open(ctx context.Context) (*build.Project, error) {
	return f.inputFlags.open(ctx, f.folder)
}

func (f *fileFlags) deployer(ctx context.Context, s streams, steps *steps) (*deploy.Deployer, error) {
	return f.inputFlags.deployer(ctx, s, f.folder, steps)
}

// releaseFlags say what is deployed: what they build, or an image that exists.
type releaseFlags struct {
	inputFlags
	folder string
	images deploy.Images
}

func (f *releaseFlags) add(flags *pflag.FlagSet) {
	f.inputFlags.add(flags)
	f.addLocked(flags)
	addFolder(flags, &f.folder)
	flags.StringArrayVar(&f.labels, "label", nil, "a label of the image, NAME=VALUE")
	flags.StringArrayVar(&f.cacheTo, "cache-to", nil, "a cache to write to, as buildx has it")
	flags.StringVar(&f.images.Image, "image", "", "build nothing, and take this image: REPOSITORY@sha256:…, REPOSITORY:TAG, or an engine's image id")
	flags.StringVar(&f.images.ModelImage, "model-image", "", "with --image, the model's own artifact, for targets with model-volume or modelcar = true")
}

func (f *releaseFlags) open(ctx context.Context) (*build.Project, error) {
	return f.inputFlags.open(ctx, f.folder)
}

func (f *releaseFlags) deployer(ctx context.Context, s streams, steps *steps) (*deploy.Deployer, error) {
	return f.inputFlags.deployer(ctx, s, f.folder, steps)
}

// deployer returns the verbs for the targets of the Deployfile of a folder, which
// report what they do by steps.
func (f *inputFlags) deployer(ctx context.Context, s streams, folder string, steps *steps) (*deploy.Deployer, error) {
	p, err := f.open(ctx, folder)
	if err != nil {
		return nil, err
	}
	opt, err := f.options(p, "", s)
	if err != nil {
		return nil, err
	}
	return &deploy.Deployer{Project: p, Build: opt, Builder: f.builderFlags.options(), Progress: steps, Warn: s.warn}, nil
}

// addFolder adds what is the argument CONTEXT of other commands.
func addFolder(flags *pflag.FlagSet, folder *string) {
	flags.StringVarP(folder, "directory", "C", ".", "the folder that the build may read, with the Deployfile")
}

// addAll adds the flag of commands that can do all targets at once.
func addAll(flags *pflag.FlagSet, all *bool) {
	flags.BoolVar(all, "all", false, "all targets of the Deployfile")
}

// first is the first argument, "" if there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// completeTargets offers the Deployfile's targets to a shell.
func completeTargets(open func(context.Context) (*build.Project, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		p, err := open(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []cobra.Completion
		for _, name := range slices.Sorted(maps.Keys(p.File.Targets)) {
			if !slices.Contains(args, name) {
				out = append(out, cobra.CompletionWithDesc(name, p.File.Targets[name].Kind))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
