package cli

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/deploy"
	"github.com/spf13/cobra"
)

// logsOptions are the flags of the logs command.
type logsOptions struct {
	fileFlags
	deploy.LogOptions
}

func logsCommand(s streams) *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use:   "logs [TARGET]",
		Short: "Print what the server at a target prints",
		Long: `Print the log of all instances at a target. With --follow it goes on until Ctrl-C,
which is no failure.`,
		Example: `  deployfile logs prod --tail 100
  deployfile logs prod --follow --since 5m`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Tail < 0 || o.Since < 0 {
				return &usageError{errors.New("--tail and --since are not less than 0")}
			}
			return logs(cmd.Context(), s, first(args), o)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.add(cmd.Flags(), s)
	cmd.Flags().BoolVar(&o.Follow, "follow", false, "go on with what is printed from now on")
	cmd.Flags().IntVar(&o.Tail, "tail", 0, "the `NUMBER` of last lines of each instance (default: all)")
	cmd.Flags().DurationVar(&o.Since, "since", 0, "the `AGE` of the oldest lines, such as 5m (default: any)")
	return cmd
}

func logs(ctx context.Context, s streams, name string, o logsOptions) error {
	steps := newSteps(s, "auto", false)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, o.directory, steps, name)
	if err != nil {
		return err
	}
	err = d.Logs(ctx, name, s.out, o.LogOptions)
	if o.Follow && ctx.Err() != nil {
		return nil
	}
	return err
}
