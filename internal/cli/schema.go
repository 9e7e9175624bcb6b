package cli

import (
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/spf13/cobra"
)

func schemaCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the Deployfile",
		Long: `Print the JSON Schema of the Deployfile, with which editors complete and check
it: Visual Studio Code's "Even Better TOML", for one.`,
		Example: "  deployfile schema > deployfile.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := deployfile.Schema(kinds.All())
			if err != nil {
				return err
			}
			_, err = s.out.Write(schema)
			return err
		},
	}
}
