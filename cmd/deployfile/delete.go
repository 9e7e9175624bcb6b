package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/console"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/spf13/cobra"
)

// deleteOptions are the flags of the delete command.
type deleteOptions struct {
	fileFlags
	all, yes, asJSON bool
}

func deleteCommand(s streams) *cobra.Command {
	var o deleteOptions
	cmd := &cobra.Command{
		Use:   "delete [TARGET…]",
		Short: "Remove all that was deployed to targets",
		Long: `Remove all that deployfile deploy ever made at the targets, their revisions too, so
that there is nothing left to roll back to. Images in registries stay. On a terminal
it asks first; elsewhere --yes has to say that it is meant. That nothing is there is
no failure.

--json prints a list with an object for each target: target, kind, endpoint, deleted
(true or false), error.`,
		Example: `  deployfile delete staging
  deployfile delete --all --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return deleteTargets(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(o.open),
	}
	o.add(cmd.Flags())
	addAll(cmd.Flags(), &o.all)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// deleted is what delete --json prints for each target.
type deleted struct {
	targetName
	Deleted bool   `json:"deleted"`
	Error   string `json:"error,omitempty"`
}

func deleteTargets(ctx context.Context, s streams, names []string, o deleteOptions) error {
	p, err := o.open()
	if err != nil {
		return err
	}
	targets, err := p.targets(names, o.all)
	if err != nil {
		return err
	}
	if !o.yes {
		if err := confirm(ctx, s, targets); err != nil {
			return err
		}
	}
	steps := newSteps(s.err, "auto")
	defer steps.close()
	steps.wait("deleting")
	out := make([]deleted, len(targets))
	errs := eachPlace(ctx, targets, steps, func(_ int, at *place) error { return at.publisher.Delete(ctx) })
	steps.done()
	for n, t := range targets {
		out[n] = deleted{targetName: nameOf(t), Deleted: errs[n] == nil}
		switch {
		case errs[n] != nil:
			out[n].Error = errs[n].Error()
		case !o.asJSON:
			fmt.Fprintf(s.out, "%s: nothing is deployed as %s any more\n", t.Name, t.Endpoint)
		}
	}
	if o.asJSON {
		errs = append(errs, writeJSON(s.out, out))
	}
	return errors.Join(errs...)
}

// errDeclined is a question that was answered with no.
var errDeclined = errors.New("nothing was deleted")

// confirm asks whoever sits at the terminal.
func confirm(ctx context.Context, s streams, targets []deployfile.Target) error {
	in, ok := s.in.(*os.File)
	if ok {
		_, err := console.ConsoleFromFile(in)
		ok = err == nil
	}
	if !ok {
		return &usageError{errors.New("there is no terminal to ask whether this is meant: say so with --yes")}
	}
	fmt.Fprintln(s.err, "This removes, with all revisions:")
	for _, t := range targets {
		where := ""
		for _, part := range []struct{ what, name string }{{"namespace", t.Namespace}, {"context", t.Context}, {"repository", t.Image}} {
			if part.name != "" && (part.what != "repository" || t.Kind == "registry") {
				where += fmt.Sprintf(", %s %s", part.what, part.name)
			}
		}
		fmt.Fprintf(printableWriter{s.err}, "  %s (target %s: %s%s)\n", t.Endpoint, t.Name, t.Kind, where)
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
