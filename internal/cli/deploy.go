package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// applyFlags are those of commands that change what a target serves.
type applyFlags struct {
	timeout                       time.Duration
	noWait, force, dryRun, asJSON bool
}

// defaultTimeout is for pulling a large image to a node that never had it.
const defaultTimeout = 10 * time.Minute

func (f *applyFlags) add(flags *pflag.FlagSet) {
	flags.DurationVar(&f.timeout, "timeout", defaultTimeout, "how long to wait for the endpoint to serve")
	flags.BoolVar(&f.noWait, "no-wait", false, "do not wait until the endpoint serves; nothing is put back if it never does")
	flags.BoolVar(&f.force, "force-conflicts", false, "overwrite what others have changed at the target, and replace another model that the endpoint has")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print what would change, and change nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print the outcome as JSON")
}

// valid finds what no target can do.
func (f *applyFlags) valid() error {
	if f.timeout <= 0 {
		return &usageError{errors.New("--timeout must be more than 0; --no-wait does not wait")}
	}
	return nil
}

func (f *applyFlags) options(t deployfile.Target, steps *steps) publish.Options {
	return publish.Options{
		ApplyOptions: publish.ApplyOptions{
			Timeout: f.timeout, NoWait: f.noWait, ForceConflicts: f.force,
			Progress: func(line string) { steps.say("%s: %s", t.Name, line) },
		},
		Endpoint: t.Endpoint, By: identity(), At: time.Now(), DryRun: f.dryRun,
	}
}

// identity is who deploys, user@host.
func identity() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
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

If the endpoint does not come to serve in time, what it served before is put
back, and the server's last words are shown. Deploying what is deployed already
changes nothing.
` + outcomeHelp,
		Example: `  deployfile deploy
  deployfile deploy staging prod --locked
  deployfile deploy prod --dry-run
  deployfile deploy prod --image registry.example.com/iris@sha256:…
  deployfile deploy --all --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return deploy(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(func(ctx context.Context) (*project, error) { return o.open(ctx) }),
	}
	flags := cmd.Flags()
	o.releaseFlags.add(flags)
	o.applyFlags.add(flags)
	addAll(flags, &o.all)
	return cmd
}

func deploy(ctx context.Context, s streams, names []string, o deployOptions) error {
	p, err := o.open(ctx)
	if err != nil {
		return err
	}
	targets, err := p.targets(names, o.all)
	if err != nil {
		return err
	}
	if err := errors.Join(o.valid(), o.check(targets)); err != nil {
		return err
	}
	steps := newSteps(s.console, o.progress)
	defer steps.close()
	// A target that cannot be reached is known before the build.
	places, err := reachAll(ctx, targets, steps)
	if err != nil {
		return err
	}
	for _, at := range places {
		defer at.close()
	}
	var to []delivery
	for _, at := range places {
		to = append(to, deliveryTo(at, o.dryRun))
	}
	releases, err := o.releases(ctx, s, p, to, steps)
	if err != nil {
		return err
	}
	out := newOutcomes(s, o.applyFlags)
	for n, at := range places {
		steps.wait("%s: comparing", at.Name)
		stop := steps.putBack(ctx)
		done, err := publish.Deploy(ctx, at.publisher, releases[n], o.applyFlags.options(at.Target, steps))
		stop()
		if err := out.add(ctx, at, done, err, steps); err != nil {
			return errors.Join(out.end(), rest(targets[n+1:], atTarget(at.Target, err)))
		}
	}
	return out.end()
}

// reachAll connects to all targets, and asks each something.
func reachAll(ctx context.Context, targets []deployfile.Target, steps *steps) ([]*place, error) {
	var places []*place
	for _, t := range targets {
		steps.wait("%s: connecting", t.Name)
		at, err := openPlace(ctx, t, steps)
		if err == nil {
			places = append(places, at)
			at.revisions, err = at.publisher.Revisions(ctx)
			err = atTarget(t, err)
		}
		if err != nil {
			for _, at := range places {
				at.close()
			}
			return nil, err
		}
	}
	return places, nil
}

// rest adds to an error which targets were not reached because of it.
func rest(targets []deployfile.Target, err error) error {
	if len(targets) == 0 {
		return err
	}
	text := ""
	for _, t := range targets {
		text += " " + t.Name
	}
	return fmt.Errorf("%w\nnot deployed after that:%s", err, text)
}
