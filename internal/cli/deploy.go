package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/deployfile/deployfile/deploy"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// applyFlags are the flags of commands that change an endpoint.
type applyFlags struct {
	deploy.ApplyOptions
	asJSON, quiet bool
}

func (f *applyFlags) add(flags *pflag.FlagSet) {
	flags.DurationVar(&f.Timeout, "timeout", unset, "the `TIME` to wait until the endpoint is ready (sagemaker, azureml: 45m)")
	flags.Lookup("timeout").DefValue = deploy.DefaultTimeout.String()
	flags.BoolVar(&f.NoWait, "no-wait", false, "do not wait until the endpoint is ready; nothing is reverted if it never is")
	flags.BoolVar(&f.ForceConflicts, "force-conflicts", false, "overwrite what others have changed at the target, and replace another model that the endpoint has")
	flags.BoolVar(&f.DryRun, "dry-run", false, "print what would change, and change nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print the outcome as JSON")
	addQuiet(flags, &f.quiet)
}

// addQuiet adds the flag of commands that change a target.
func addQuiet(flags *pflag.FlagSet, quiet *bool) {
	flags.BoolVarP(quiet, "quiet", "q", false, "print the outcome alone, and nothing of what is done meanwhile")
}

// unset is the value of a flag whose default depends on the target.
const unset time.Duration = math.MinInt64

// valid refuses values that are invalid for every target.
func (f *applyFlags) valid() error {
	if f.Timeout == unset {
		f.Timeout = 0
		return nil
	}
	if f.Timeout <= 0 {
		return &usageError{errors.New("--timeout must be more than 0; --no-wait does not wait")}
	}
	return nil
}

// deployOptions are the flags of the deploy command.
type deployOptions struct {
	releaseFlags
	applyFlags
	all bool
}

func deployCommand(s streams) *cobra.Command {
	var o deployOptions
	cmd := &cobra.Command{
		Use:   "deploy [TARGET…]",
		Short: "Bring the model to its targets",
		Long: `Build the image from the lock, push it to the target's repository, and make the
target serve it. Several targets are served one after the other, and share a
build; without a name it is the only target that the Deployfile has.

The image is pushed by its digest, and gets a tag made of the digest's first
twelve digits so that the registry keeps it. An engine (docker, containerd) whose
target names no repository is handed the image itself. With --image nothing is
built: the target gets the image that is named; a tag stands for the digest that
it has now.

If the endpoint does not become ready in time, the previous revision is restored,
and the last log lines of the server are shown. Deploying what is deployed already
changes nothing.
` + outcomeHelp,
		Example: `  deployfile deploy
  deployfile deploy staging prod --locked
  deployfile deploy prod --dry-run
  deployfile deploy prod --image registry.example.com/iris@sha256:…
  deployfile deploy --all --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return deployTargets(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	flags := cmd.Flags()
	o.releaseFlags.add(flags, s)
	o.applyFlags.add(flags)
	addAll(flags, &o.all)
	return cmd
}

func deployTargets(ctx context.Context, s streams, names []string, o deployOptions) error {
	if n := slices.IndexFunc(names, isModelURI); n >= 0 {
		return &usageError{fmt.Errorf("%s is a model, and deploy takes the names of targets, which a Deployfile has: write one with deployfile init '%[1]s', and add a table such as [targets.local] with kind = \"docker\"", names[n])}
	}
	if o.quiet {
		o.progress = "quiet"
	}
	steps := newSteps(s, o.progress, o.quiet)
	defer steps.close()
	d, err := o.deployer(ctx, s, o.directory, steps)
	if err != nil {
		return err
	}
	if err := o.valid(); err != nil {
		return err
	}
	out := newOutcomes(s, o.applyFlags, steps)
	_, err = d.Deploy(ctx, deploy.DeployOptions{
		Selection: deploy.Selection{Names: names, All: o.all}, Images: o.images, ApplyOptions: o.ApplyOptions,
		Each: out.add,
	})
	return errors.Join(out.end(), err)
}
