package main

import (
	"fmt"

	"github.com/deployfile/deployfile/build"
	buildctl "github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/spf13/cobra"
)

func buildCommand(s streams) *cobra.Command {
	var flags buildFlags
	var outputs []string
	cmd := &cobra.Command{
		Use:  "build [CONTEXT]",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := flags.find(cmd.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			o := flags.options(contextDir(args), "")
			if o.Exports, err = buildctl.ParseOutput(outputs); err != nil {
				return err
			}
			r, err := build.Run(cmd.Context(), b, o)
			if err != nil {
				return err
			}
			fmt.Fprintln(s.out, r.Metadata["containerimage.digest"])
			return nil
		},
	}
	flags.add(cmd.Flags())
	cmd.Flags().StringArrayVarP(&outputs, "output", "o", nil, "where the image goes, as buildx has it")
	return cmd
}
