package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// streams are where a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err *os.File
}

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := rootCommand(s)
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(s.err, "error:", err)
		return 1
	}
	return 0
}

func rootCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "deployfile",
		Short:         "Package MLflow models as images, and ship them",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.SetIn(s.in)
	cmd.SetOut(s.out)
	cmd.SetErr(s.err)
	cmd.AddCommand(buildCommand(s), lockCommand(s), superviseCommand())
	return cmd
}
