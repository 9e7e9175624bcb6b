package cli

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

func ejectCommand(s streams) *cobra.Command {
	var o inputFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eject DIR [CONTEXT]",
		Short: "Write a Dockerfile that makes the image without deployfile",
		Long: `Write what the image is made of to the new directory DIR: a Dockerfile, the locked
packages with their hashes as a requirements.txt, the start command, the model and
the code, and the wheels that no index has. docker build makes the image of it, and
deployfile is needed no longer. The base is pinned by its digest.`,
		Example: "  deployfile eject plain\n  docker build -t iris plain",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, err := o.context(args[1:])
			if err != nil {
				return err
			}
			return ejectTo(cmd.Context(), s, args[0], directory, o, asJSON)
		},
		ValidArgsFunction: directories,
	}
	o.add(cmd.Flags(), s)
	o.addLocked(cmd.Flags())
	addJSON(cmd.Flags(), &asJSON)
	return cmd
}

func ejectTo(ctx context.Context, s streams, dir, project string, o inputFlags, asJSON bool) error {
	p, err := o.open(ctx, project)
	if err != nil {
		return err
	}
	if err := makeDirectory(dir, func(dir string) error {
		return o.export(ctx, s, p, frontend.OutputEject, dir)
	}); err != nil {
		return err
	}
	if asJSON {
		return s.result(report.Directory{Directory: dir})
	}
	_, err = fmt.Fprintf(s.err, "%s has a Dockerfile and all that it needs; next: docker build -t %s %[1]s\n", dir, p.ImageNames()[0])
	return err
}
