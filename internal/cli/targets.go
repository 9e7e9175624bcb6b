package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/connect"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
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

func (f *fileFlags) open(ctx context.Context) (*project, error) {
	return f.inputFlags.open(ctx, f.folder)
}

// addFolder adds what is the argument CONTEXT of other commands.
func addFolder(flags *pflag.FlagSet, folder *string) {
	flags.StringVarP(folder, "directory", "C", ".", "the folder that the build may read, with the Deployfile")
}

// targets are those of the Deployfile that are named; without a name, the only
// one that there is or, with all set, all.
func (p *project) targets(names []string, all bool) ([]deployfile.Target, error) {
	known := slices.Sorted(maps.Keys(p.file.Targets))
	have := strings.Join(known, ", ")
	switch {
	case len(known) == 0:
		return nil, &usageError{fmt.Errorf("%s has no targets: add a table such as [targets.local] with kind = \"docker\"", p.path)}
	case len(names) > 0 && all:
		return nil, &usageError{errors.New("--all goes without the names of targets")}
	case all:
		names = known
	case len(names) == 0 && len(known) == 1:
		names = known
	case len(names) == 0:
		return nil, &usageError{fmt.Errorf("name a target: there are %s", have)}
	}
	var out []deployfile.Target
	for _, name := range names {
		target, ok := p.file.Targets[name]
		if !ok {
			return nil, &usageError{fmt.Errorf("there is no target %q in %s: there are %s", name, p.path, have)}
		}
		if !slices.ContainsFunc(out, func(t deployfile.Target) bool { return t.Name == name }) {
			out = append(out, target)
		}
	}
	return out, nil
}

// target is the one target that is named, or the only one.
func (p *project) target(name string) (deployfile.Target, error) {
	var names []string
	if name != "" {
		names = []string{name}
	}
	targets, err := p.targets(names, false)
	if err != nil {
		return deployfile.Target{}, err
	}
	return targets[0], nil
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
func completeTargets(open func(context.Context) (*project, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		p, err := open(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var out []cobra.Completion
		for _, name := range slices.Sorted(maps.Keys(p.file.Targets)) {
			if !slices.Contains(args, name) {
				out = append(out, cobra.CompletionWithDesc(name, p.file.Targets[name].Kind))
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// place is a target and the connection to it.
type place struct {
	deployfile.Target
	publisher publish.Publisher
	// revisions are what was deployed there, if that was asked for.
	revisions []publish.Revision
}

// openPlace connects to a target; what it warns of is said by steps.
func openPlace(ctx context.Context, t deployfile.Target, steps *steps) (*place, error) {
	publisher, err := connect.Open(ctx, t, warnings{t, steps})
	if err != nil {
		return nil, atTarget(t, err)
	}
	return &place{Target: t, publisher: publisher}, nil
}

// connect connects to the one target that is named.
func (f *fileFlags) connect(ctx context.Context, name string, steps *steps) (*place, error) {
	p, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	target, err := p.target(name)
	if err != nil {
		return nil, err
	}
	steps.wait("%s: connecting", target.Name)
	return openPlace(ctx, target, steps)
}

// warnings are a target's own, a line each.
type warnings struct {
	deployfile.Target
	steps *steps
}

// Write implements io.Writer.
func (w warnings) Write(lines []byte) (int, error) {
	for line := range strings.Lines(string(lines)) {
		w.steps.say("%s: %s", w.Name, strings.TrimSpace(line))
	}
	return len(lines), nil
}

func (p *place) close() { _ = p.publisher.Close() }

// atTarget says which target an error is about, unless it says so itself.
func atTarget(t deployfile.Target, err error) error {
	prefix := fmt.Sprintf("target %q: ", t.Name)
	if err == nil || strings.HasPrefix(err.Error(), prefix) {
		return err
	}
	return fmt.Errorf("%s%w", prefix, err)
}

// atATime is to how many targets a command speaks at once.
const atATime = 16

// eachPlace connects to several targets, a few at a time, and does the same at
// all of them. What went wrong is in the order of the targets.
func eachPlace(ctx context.Context, targets []deployfile.Target, steps *steps, do func(n int, p *place) error) []error {
	errs := make([]error, len(targets))
	var group errgroup.Group
	group.SetLimit(atATime)
	for n, t := range targets {
		group.Go(func() error {
			p, err := openPlace(ctx, t, steps)
			if err != nil {
				errs[n] = err
				return nil
			}
			defer p.close()
			errs[n] = atTarget(t, do(n, p))
			return nil
		})
	}
	_ = group.Wait()
	return errs
}
