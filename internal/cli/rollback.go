package cli

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/publish"
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
		Short: "Let an earlier revision serve again",
		Long: `Let what was served before serve again, with the image and the settings that it
had then. Nothing is built, and nothing is read of the Deployfile but which target
it is. It becomes a new revision, so a rollback can be rolled back. A canary, or
the second of blue and green, that was not promoted is given up.

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
			return o.change(cmd.Context(), s, first(args), func(ctx context.Context, p publish.Publisher, opt publish.Options) (*publish.Outcome, error) {
				return publish.Rollback(ctx, p, to, opt)
			})
		},
		ValidArgsFunction: completeTargets(o.open),
	}
	o.fileFlags.add(cmd.Flags())
	o.applyFlags.add(cmd.Flags())
	cmd.Flags().IntVar(&to, "to", 0, "the number of a revision")
	return cmd
}

// change does one verb at one target.
func (o *changeOptions) change(ctx context.Context, s streams, name string, verb func(context.Context, publish.Publisher, publish.Options) (*publish.Outcome, error)) error {
	if err := o.valid(); err != nil {
		return err
	}
	steps := newSteps(s.console, "auto")
	defer steps.close()
	at, err := o.connect(ctx, name, steps)
	if err != nil {
		return err
	}
	defer at.close()
	out := newOutcomes(s, o.applyFlags)
	stop := steps.putBack(ctx)
	done, err := verb(ctx, at.publisher, o.options(at.Target, steps))
	stop()
	if err := out.add(ctx, at, done, err, steps); err != nil {
		return errors.Join(out.end(), atTarget(at.Target, err))
	}
	return out.end()
}
