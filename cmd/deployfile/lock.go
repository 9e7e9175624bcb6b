package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"
)

func lockCommand(s streams) *cobra.Command {
	var flags buildFlags
	var upgrade []string
	cmd := &cobra.Command{
		Use:  "lock [CONTEXT]",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := flags.find(cmd.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			dir, err := os.MkdirTemp("", "deployfile-lock-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			o := flags.options(contextDir(args), "lock")
			if len(upgrade) > 0 {
				o.Args["DEPLOYFILE_UPGRADE"] = strings.Join(upgrade, ",")
			}
			o.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: dir}}
			if _, err := build.Run(cmd.Context(), b, o); err != nil {
				return err
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				return err
			}
			for _, e := range entries {
				data, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(contextDir(args), e.Name()), data, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
	flags.add(cmd.Flags())
	cmd.Flags().StringArrayVar(&upgrade, "upgrade", nil, "")
	return cmd
}
