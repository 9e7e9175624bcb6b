package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

func versionCommand(version string, s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  deployfile version\n  deployfile version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := thisVersion(version)
			if asJSON {
				return s.result(v)
			}
			_, err := fmt.Fprintf(s.text, "deployfile %s (%s, %s, BuildKit %s)\n", v.Version, v.Go, v.Platform, v.BuildKit)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func thisVersion(version string) report.Version {
	v := report.Version{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, BuildKit: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/moby/buildkit" {
				v.BuildKit = m.Version
			}
		}
	}
	return v
}
