package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

// deleteOptions are the flags of the delete command.
type deleteOptions struct {
	fileFlags
	timeout                         time.Duration
	all, yes, dryRun, asJSON, quiet bool
}

func deleteCommand(s streams) *cobra.Command {
	var o deleteOptions
	cmd := &cobra.Command{
		Use:   "delete [TARGET…]",
		Short: "Remove all that was deployed to targets",
		Long: `Remove all that deployfile deploy ever made at the targets, their revisions too, so
that there is nothing left to roll back to. Images in registries stay. On a terminal
it asks first; elsewhere --yes has to say that it is meant. Deleting what
does not exist succeeds. What is left after --timeout is removed by another deployfile delete.

--json prints a list with an object for each target: target, kind, endpoint, deleted
(true or false), changes (with --dry-run: action, object), error, failure.`,
		Example: `  deployfile delete staging
  deployfile delete staging --dry-run
  deployfile delete --all --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return deleteTargets(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.add(cmd.Flags(), s)
	addAll(cmd.Flags(), &o.all)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be removed, and remove nothing")
	cmd.Flags().DurationVar(&o.timeout, "timeout", deploy.DefaultTimeout, "the `TIME` to wait until all of a target is removed")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	addQuiet(cmd.Flags(), &o.quiet)
	return cmd
}

func deleteTargets(ctx context.Context, s streams, names []string, o deleteOptions) error {
	steps := newSteps(s, "auto", o.quiet)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, o.directory, steps, names...)
	if err != nil {
		return err
	}
	selection := deploy.Selection{Names: names, All: o.all}
	targets, err := d.Select(selection)
	if err != nil {
		return err
	}
	if o.timeout <= 0 {
		return &usageError{errors.New("--timeout must be more than 0")}
	}
	if !o.yes && !o.dryRun {
		if err := confirm(ctx, s, targets); err != nil {
			return err
		}
	}
	out, err := d.Delete(ctx, deploy.DeleteOptions{Selection: selection, Timeout: o.timeout, DryRun: o.dryRun})
	steps.Done()
	if o.asJSON {
		return errors.Join(err, s.result(out))
	}
	for _, t := range out {
		if t.Error == "" {
			deletionText(s.text, t)
		}
	}
	return err
}

// deletionText is a line for the target, after what a dry run would remove.
func deletionText(w *terminal.Writer, d report.Deletion) {
	name := d.Target.Target
	switch {
	case d.Deleted:
		fmt.Fprintf(w, "%s: nothing is deployed as %s any more\n", name, d.Endpoint)
	case len(d.Changes) == 0:
		fmt.Fprintf(w, "%s: nothing is deployed as %s\n", name, d.Endpoint)
	default:
		writeChanges(w, d.Changes, false)
		fmt.Fprintf(w, "%s: %s would be removed: %s\n", name, d.Endpoint, countChanges(d.Changes))
	}
}

// errDeclined reports a question that was answered with no.
var errDeclined = errors.New("nothing was deleted")

// confirm asks the user at the terminal.
func confirm(ctx context.Context, s streams, targets []deployfile.Target) error {
	if in, ok := s.in.(*os.File); !ok || !terminal.Is(in) {
		return &usageError{errors.New("there is no terminal to ask whether this is meant: say so with --yes")}
	}
	fmt.Fprintln(s.err, "This removes, with all revisions:")
	for _, t := range targets {
		where := ""
		for _, part := range t.Spec.Place(t).Parts {
			if part.Value != "" {
				where += fmt.Sprintf(", %s %s", part.Called, part.Value)
			}
		}
		fmt.Fprintf(s.err, "  %s (target %s: %s%s)\n", t.Endpoint, t.Name, t.Kind, where)
	}
	fmt.Fprint(s.err, "Go on? [y/N] ")
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(s.in).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.err)
		return context.Cause(ctx)
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return errDeclined
	}
}
