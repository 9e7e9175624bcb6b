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
	// events is where --events goes.
	events *events
	// console is standard error itself, for a display that moves the cursor; it
	// has to make printable what it shows.
	console *os.File
}

// standard returns the streams of the process.
func standard(in io.Reader, out, err *os.File) streams {
	return streams{in: in, out: terminal.ForData(out), text: terminal.NewWriter(out), err: terminal.NewWriter(err), console: err, events: &events{}}
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, version string, args []string, s streams) int {
	root := rootCommand(version, s)
	root.SetArgs(args)
	// An error before a command's own work is a usage error.
	started := false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		err := s.events.begin(cmd, version)
		started = err == nil
		return err
	}
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		s.events.end(exitOK)
		return exitOK
	case ctx.Err() != nil:
		err = interrupted(err)
	case !started:
		err = &usageError{err: err}
	}
	if !started {
		// A command line that is refused has its events, too. If they cannot be written,
		// that is the error.
		_ = s.events.begin(cmd, version)
	}
	failure := errorReport(cmd.CommandPath(), err)
	s.events.fail(failure)
	if asksJSON(args) {
		_ = encodeLine(terminal.ForData(s.console), failure)
	} else {
		printError(s.err, cmd.CommandPath(), err)
	}
	return failure.ExitCode
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
	cmd.PersistentFlags().StringVar(&s.events.file, "events", "", "write what happens to a `FILE`, as JSON lines")
	cmd.PersistentFlags().Bool("json", false, "print an error as JSON")
	// The commands with a result have a --json of their own, which says so.
	_ = cmd.PersistentFlags().MarkHidden("json")
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
	addCompletion(cmd, s)
	return cmd
}
