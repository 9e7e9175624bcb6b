package cli

import (
	"context"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

func promoteCommand(s streams) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use:   "promote [TARGET]",
		Short: "Send all requests to the canary, or to the other of blue and green",
		Long: `Send all requests to what the last deployfile deploy has brought up beside the live
release, at a target with strategy = "canary" or "blue-green", and remove what was
live. deployfile rollback is the way back, before and after. If nothing waits,
nothing is done.
` + outcomeHelp,
		Example: `  deployfile promote
  deployfile promote prod --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.change(cmd.Context(), s, first(args), func(ctx context.Context, d *deploy.Deployer) (report.Outcome, error) {
				return d.Promote(ctx, first(args), o.ApplyOptions)
			})
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.fileFlags.add(cmd.Flags(), s)
	o.applyFlags.add(cmd.Flags())
	return cmd
}
