package cli

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/publish"
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
		ValidArgsFunction: completeTargets(o.open),
	}
	o.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// listed is what list --json prints for each revision.
type listed struct {
	Number     int       `json:"number"`
	At         time.Time `json:"at"`
	By         string    `json:"by"`
	Image      string    `json:"image"`
	ModelImage string    `json:"model-image,omitempty"`
	Lock       string    `json:"lock,omitempty"`
	File       string    `json:"file,omitempty"`
	Version    string    `json:"version,omitempty"`
	Serves     string    `json:"serves"`
}

func list(ctx context.Context, s streams, name string, o listOptions) error {
	steps := newSteps(s.console, "auto")
	defer steps.close()
	at, err := o.connect(ctx, name, steps)
	if err != nil {
		return err
	}
	defer at.close()
	revisions, err := at.publisher.Revisions(ctx)
	if err != nil {
		return atTarget(at.Target, err)
	}
	steps.done()
	out := listRevisions(revisions)
	switch {
	case o.asJSON:
		return writeJSON(s.out, out)
	case len(out) == 0:
		_, err := fmt.Fprintf(s.text, "nothing is deployed as %s\n", at.Endpoint)
		return err
	}
	table := tabwriter.NewWriter(s.text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "REVISION\tWHEN\tBY\tIMAGE\tLOCK\tSERVES")
	for _, r := range out {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Number, ago(r.At, time.Now()), terminal.Line(r.By), terminal.Line(short(r.Image)), terminal.Line(short(dash(r.Lock))), dash(r.Serves))
	}
	return table.Flush()
}

// listRevisions says of each revision what it deployed, and what became of it.
func listRevisions(revisions []publish.Revision) []listed {
	out := []listed{}
	live, next := false, false
	for _, r := range revisions {
		newest, now := r.State.Newest(), revisions[0].State
		l := listed{
			Number: r.Number, At: r.At.UTC(), By: r.By, Image: newest.Image, ModelImage: newest.ModelImage,
			Lock: newest.LockDigest, File: newest.FileDigest, Version: newest.Version,
		}
		switch {
		case !live && reflect.DeepEqual(newest, now.Live.Release):
			l.Serves, live = "live", true
		case !next && now.Next != nil && reflect.DeepEqual(newest, now.Next.Release):
			l.Serves, next = "next", true
		}
		out = append(out, l)
	}
	return out
}

// ago is a time as people say it in the middle of a sentence.
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
