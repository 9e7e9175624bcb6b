package cli

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

// changeOptions are the flags of the promote and rollback commands.
type changeOptions struct {
	fileFlags
	applyFlags
}

func rollbackCommand(s streams) *cobra.Command {
	var o changeOptions
	var to int
	cmd := &cobra.Command{
		Use:   "rollback [TARGET]",
		Short: "Deploy an earlier revision again",
		Long: `Deploy an earlier revision again, with the image and the settings that it had then.
Nothing is built, and of the Deployfile only the target's name and place are read.
The result is a new revision, so a rollback can be rolled back. A canary or preview
that was not promoted is removed.

--to names the revision whose live image is taken; deployfile list shows them. The
default is the newest that would change what is served.
` + outcomeHelp,
		Example: `  deployfile rollback
  deployfile rollback prod --to 3
  deployfile rollback prod --dry-run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("to") && to < 1 {
				return &usageError{errors.New("--to: revisions count from 1")}
			}
			return o.change(cmd.Context(), s, first(args), func(ctx context.Context, d *deploy.Deployer) (report.Outcome, error) {
				return d.Rollback(ctx, first(args), to, o.ApplyOptions)
			})
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.fileFlags.add(cmd.Flags(), s)
	o.applyFlags.add(cmd.Flags())
	cmd.Flags().IntVar(&to, "to", 0, "the `NUMBER` of a revision")
	return cmd
}

// change does one verb at one target.
func (o *changeOptions) change(ctx context.Context, s streams, name string, verb func(context.Context, *deploy.Deployer) (report.Outcome, error)) error {
	if err := o.valid(); err != nil {
		return err
	}
	steps := newSteps(s, "auto", o.quiet)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, o.directory, steps, name)
	if err != nil {
		return err
	}
	out := newOutcomes(s, o.applyFlags, steps)
	done, err := verb(ctx, d)
	if done.Action != "" {
		out.add(done)
	}
	return errors.Join(out.end(), err)
}
