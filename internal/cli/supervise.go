package cli

import (
	"github.com/deployfile/deployfile/builder"
	"github.com/spf13/cobra"
)

// superviseCommand supervises the embedded builder; builder.Find starts it.
func superviseCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "builder-supervise",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := builder.ParseSuperviseArgs(args)
			if err != nil {
				return err
			}
			return builder.Supervise(cmd.Context(), o)
		},
	}
}
