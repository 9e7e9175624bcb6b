package cli

import (
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

func schemaCommand(s streams) *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the Deployfile, or of a command's JSON",
		Long: `Print the JSON Schema of the Deployfile, with which editors complete and check
it: Visual Studio Code's "Even Better TOML", for one. --of prints that of what a command
prints with --json, of the errors of every command with --json, or of the lines of
--events.`,
		Example: `  deployfile schema > deployfile.schema.json
  deployfile schema --of build
  deployfile schema --of events
  deployfile schema --of 'model push'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := schemaOf(of)
			if err != nil {
				return err
			}
			_, err = s.out.Write(schema)
			return err
		},
	}
	cmd.Flags().StringVar(&of, "of", "", "the `NAME` of what is described instead of the Deployfile: a command, errors or events")
	completeFlag(cmd, "of", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		commands, err := report.Commands()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return commands, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// schemaOf returns the schema of a command's JSON, or without a command that of the
// Deployfile.
func schemaOf(command string) ([]byte, error) {
	if command == "" {
		return deployfile.Schema(kinds.All())
	}
	commands, err := report.Commands()
	if err != nil {
		return nil, err
	}
	schema, err := report.Schema(command)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--of: %w: %s", err, suggest.OneOf(command, commands))}
	}
	return schema, nil
}
