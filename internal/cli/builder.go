package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
	"github.com/spf13/cobra"
)

const stopDeadline = 30 * time.Second

func builderCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "builder",
		Short: "Look after the embedded builder",
		Long: fmt.Sprintf(`Look after the embedded builder.

Where neither --builder, nor BUILDKIT_HOST, nor Docker's engine leads to a
BuildKit, deployfile starts one of its own, which needs Linux, root, runc,
/dev/net/tun and the program buildkitd. It keeps its cache, of up to %s unless --disk-limit says
otherwise, in the user's cache directory, serves one user and stops when it was
idle for %s.`, units.HumanSize(float64(builder.DefaultDiskLimit)), builder.DefaultIdleTimeout),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(builderStatusCommand(s), builderStopCommand(s), builderPruneCommand(s))
	return cmd
}

func builderStatusCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Say whether the embedded builder runs, and where",
		Example: "  deployfile builder status\n  deployfile builder status --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			status, err := builder.EmbeddedStatus(cmd.Context(), builder.Options{})
			if err != nil {
				return err
			}
			if asJSON {
				return s.result(report.Builder(status))
			}
			if !status.Running {
				fmt.Fprintf(s.text, "not running; its state is in %s\n", status.StateDir)
				return nil
			}
			fmt.Fprintf(s.text, "running: BuildKit %s at %s, process %d\ncache:   %s in %s\nlog:     %s\n",
				status.Version, status.Address, status.PID, units.HumanSize(float64(status.DiskUsed)), status.StateDir, status.LogFile)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func builderStopCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "stop",
		Short:   "Stop the embedded builder, and the builds on it",
		Example: "  deployfile builder stop",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), stopDeadline)
			defer cancel()
			ran, err := builder.StopEmbedded(ctx, builder.Options{})
			switch {
			case err != nil:
				return err
			case asJSON:
				return s.result(report.Stop{Stopped: ran})
			case ran:
				fmt.Fprintln(s.text, "stopped")
			default:
				fmt.Fprintln(s.text, "not running")
			}
			return nil
		},
	}
	addJSON(cmd.Flags(), &asJSON)
	return cmd
}

func builderPruneCommand(s streams) *cobra.Command {
	var flags builderFlags
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove build cache from the builder",
		Long: `Remove build cache from the builder that a build would use, which is the
embedded one unless there is another: what no build refers to or, with --all,
everything that is not in use.`,
		Example: "  deployfile builder prune\n  deployfile builder prune --all",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := flags.find(cmd.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			freed, err := b.Prune(cmd.Context(), all)
			if err != nil {
				return b.Explain(err)
			}
			if asJSON {
				return s.result(report.Prune{Freed: freed, Address: b.Address})
			}
			fmt.Fprintf(s.text, "freed %s at %s\n", units.HumanSize(float64(freed)), b.Address)
			return nil
		},
	}
	flags.add(cmd.Flags())
	addJSON(cmd.Flags(), &asJSON)
	cmd.Flags().BoolVar(&all, "all", false, "remove everything that is not in use")
	return cmd
}
