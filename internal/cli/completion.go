package cli

import (
	"context"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeFlags offers a shell the values of the flags that mean the same wherever
// they are, and directories for CONTEXT. Other flags take files.
func completeFlags(cmd *cobra.Command) {
	values := map[string][]cobra.Completion{
		"builder":      {string(builder.Docker), string(builder.Embedded)},
		"content-type": {"application/json", "text/csv"},
		"host":         {loopback, "0.0.0.0"},
		"network":      {"default", "host", "none"},
		"platform":     {"linux/amd64", "linux/arm64"},
		"progress": {
			string(progressui.AutoMode), string(progressui.PlainMode), string(progressui.TtyMode),
			string(progressui.QuietMode), string(progressui.RawJSONMode),
		},
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if of := values[f.Name]; of != nil {
			completeFlag(cmd, f.Name, cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp))
		}
		if name, _ := pflag.UnquoteUsage(f); name == "DIRECTORY" {
			completeFlag(cmd, f.Name, directories)
		}
	})
	for _, c := range cmd.Commands() {
		completeFlags(c)
	}
}

// completeFlag sets what a flag of the command offers. It panics if there is no
// such flag, or if it was set before.
func completeFlag(cmd *cobra.Command, name string, values cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(name, values); err != nil {
		panic(err)
	}
}

// directories offers directories alone.
func directories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// opener reads the Deployfile that a command's flags name.
type opener func(context.Context) (*build.Project, error)

// completeTargets offers those of the Deployfile's targets that are not among the
// arguments yet.
func completeTargets(open opener) cobra.CompletionFunc {
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

// completeOutputs offers what `build --target` takes: the outputs and the targets.
func completeOutputs(open opener) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var out []cobra.Completion
		for _, o := range frontend.Outputs() {
			out = append(out, cobra.CompletionWithDesc(o.Name, o.Description))
		}
		targets, directive := completeTargets(open)(cmd, nil, typed)
		return append(out, targets...), directive
	}
}

// completePackages offers the packages that the lock beside a Deployfile has.
func completePackages(directory, file *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		place := build.Options{Context: *directory, File: *file}
		stored, err := build.ReadLock(cmd.Context(), place.FilePath()+build.LockSuffix)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		lock, err := stored.Decode()
		if err != nil || lock == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.Sorted(maps.Keys(lockedNames(lock, stored.Files))), cobra.ShellCompDirectiveNoFileComp
	}
}
