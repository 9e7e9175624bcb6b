package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/docker/go-units"
	"github.com/spf13/cobra"
)

// listOptions are the flags of the list command.
type listOptions struct {
	fileFlags
	asJSON bool
}

func listCommand(s streams) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list [TARGET]",
		Short: "List what was deployed to a target",
		Long: `List the revisions of a target, newest first: when, by whom, the image, the lock
that it was built from, and which of them is live now or waits to be promoted. The
target keeps the last ones; deployfile rollback --to takes their numbers.

--json prints a list with an object for each revision: number, at (RFC 3339), by,
image, model-image, lock, file (digests), version (the model's), serves (live,
next or "").`,
		Example: `  deployfile list
  deployfile list prod --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return list(cmd.Context(), s, first(args), o)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.add(cmd.Flags(), s)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func list(ctx context.Context, s streams, name string, o listOptions) error {
	steps := newSteps(s, "auto", false)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, o.directory, steps, name)
	if err != nil {
		return err
	}
	target, err := d.Target(name)
	if err != nil {
		return err
	}
	out, err := d.List(ctx, name)
	if err != nil {
		return err
	}
	steps.Done()
	switch {
	case o.asJSON:
		return s.result(out)
	case len(out) == 0:
		_, err := fmt.Fprintf(s.text, "nothing is deployed as %s\n", target.Endpoint)
		return err
	}
	table := tabwriter.NewWriter(s.text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REVISION\tVERSION\tWHEN\tBY\tIMAGE\tLOCK\tSERVES")
	for _, r := range out {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, terminal.Line(dash(r.Version)), ago(r.At, time.Now()), terminal.Line(r.By), terminal.Line(short(r.Image)), terminal.Line(short(dash(r.Lock))), dash(r.Serves))
	}
	return table.Flush()
}

// ago returns a time as people say it in the middle of a sentence.
func ago(at, now time.Time) string {
	text := units.HumanDuration(max(now.Sub(at), 0))
	return strings.ToLower(text[:1]) + text[1:] + " ago"
}

// dash stands for nothing in a table.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
