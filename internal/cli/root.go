package cli

import (
	"context"
	"io"
	"os"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/spf13/cobra"
)

// streams are where a command reads and writes.
type streams struct {
	in io.Reader
	// out is standard output for what programs read. It and text are where all
	// goes that is printed.
	out io.Writer
	// text is standard output, and err standard error, for what people read.
	text, err *terminal.Writer
	// console is standard error itself, for a display that moves the cursor; it
	// has to make printable what it shows.
	console *os.File
}

// standard returns the streams of the process.
func standard(in io.Reader, out, err *os.File) streams {
	return streams{in: in, out: terminal.ForData(out), text: terminal.NewWriter(out), err: terminal.NewWriter(err), console: err}
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, version string, args []string, s streams) int {
	root := rootCommand(version, s)
	root.SetArgs(args)
	// An error before a command's own work is a usage error.
	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case ctx.Err() != nil:
		err = interrupted(err)
	case !started:
		err = &usageError{err: err}
	}
	printError(s.err, cmd.CommandPath(), err)
	return exitCode(err)
}

func rootCommand(version string, s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deployfile",
		Short: "Package MLflow models as images, and ship them",
		Long: `deployfile packages an MLflow model as a locked, reproducible image that
answers requests. A file named Deployfile says what is made; BuildKit makes it.`,
		Example: `  deployfile init model         # write a Deployfile for the model in model/
  deployfile lock               # pin all that the image is made of
  deployfile run                # build it and serve it on this machine
  deployfile build --push       # build it and push it to [image] tags
  deployfile deploy prod        # build, push and serve it at [targets.prod]`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	cmd.SetIn(s.in)
	cmd.SetOut(s.out)
	cmd.SetErr(s.err)
	groups := []commandGroup{
		{"Build", []*cobra.Command{
			initCommand(s), addCommand(s), removeCommand(s), checkCommand(s), lockCommand(s), planCommand(s), buildCommand(s),
			runCommand(s), predictCommand(s), modelCommand(s),
		}},
		{"Deploy", []*cobra.Command{
			deployCommand(s), statusCommand(s), listCommand(s), logsCommand(s), openCommand(s), promoteCommand(s),
			rollbackCommand(s), deleteCommand(s), renderCommand(s),
		}},
		{"Compare and prove", []*cobra.Command{inspectCommand(s), diffCommand(s), verifyCommand(s), sbomCommand(s)}},
		{"Without deployfile", []*cobra.Command{envCommand(s), ejectCommand(s)}},
	}
	for _, g := range groups {
		cmd.AddCommand(g.commands...)
	}
	cmd.AddCommand(builderCommand(s), schemaCommand(s), versionCommand(version, s), superviseCommand(), exitCodesTopic())
	width := func() int { return min(max(terminal.Width(s.out, helpWidth), minHelpWidth), maxHelpWidth) }
	cmd.SetHelpFunc(explain(width))
	cmd.SetUsageFunc(usage(groups, width))
	cmd.SetFlagErrorFunc(unknownFlag)
	completeFlags(cmd)
	return cmd
}
