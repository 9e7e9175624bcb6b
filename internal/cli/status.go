package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/spf13/cobra"
)

// statusOptions are the flags of the status command.
type statusOptions struct {
	fileFlags
	asJSON bool
}

func statusCommand(s streams) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status [TARGET…]",
		Short: "Show what the targets serve, and whether it is ready",
		Long: `Ask the targets, all of the Deployfile's unless some are named, what is deployed and
whether it is ready. The exit code is 0 if every target answered, ready or not.

--json prints a list with an object for each target:

  target, kind, endpoint   which it is
  deployed, ready          whether anything is deployed, and whether it is ready
  message                  why not, or what is under way
  url                      where it is reached, if not only by deployfile open
  revision, at, by         number of the newest revision, when and by whom
  live, next               what answers requests, and what waits beside it:
                           track, weight, image, model-image, lock and file
                           (digests)
  instances                name, image, track, ready, message, restarts
  error, failure           why the target could not be asked, and what kind of
                           failure that is`,
		Example: `  deployfile status
  deployfile status prod --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return status(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.add(cmd.Flags(), s)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func status(ctx context.Context, s streams, names []string, o statusOptions) error {
	steps := newSteps(s, "auto", false)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, o.directory, steps, names...)
	if err != nil {
		return err
	}
	out, err := d.Status(ctx, deploy.Selection{Names: names, All: len(names) == 0})
	if out == nil {
		return err
	}
	steps.Done()
	if o.asJSON {
		return errors.Join(err, s.result(out))
	}
	for _, t := range out {
		statusText(s.text, t, time.Now())
	}
	return err
}

// statusText returns a line for the target, and one for each instance that is not ready
// or belongs to the next release.
func statusText(w *terminal.Writer, t report.Status, now time.Time) {
	var line strings.Builder
	fmt.Fprintf(&line, "%s: ", t.Target.Target)
	switch {
	case t.Error != "":
		line.WriteString("cannot be asked")
	case !t.Deployed:
		fmt.Fprintf(&line, "nothing is deployed as %s", t.Endpoint)
	case t.Ready:
		fmt.Fprintf(&line, "%s serves revision %d, %s, deployed %s by %s", t.Endpoint, t.Revision, short(t.Live.Image), ago(*t.At, now), t.By)
	case slices.ContainsFunc(t.Instances, func(i report.Instance) bool { return i.Ready }):
		fmt.Fprintf(&line, "%s does not serve as it should; revision %d, %s, deployed %s by %s", t.Endpoint, t.Revision, short(t.Live.Image), ago(*t.At, now), t.By)
	default:
		fmt.Fprintf(&line, "%s does not serve; revision %d, %s, deployed %s by %s", t.Endpoint, t.Revision, short(t.Live.Image), ago(*t.At, now), t.By)
	}
	if t.Message != "" {
		line.WriteString("; " + t.Message)
	}
	if t.Next != nil {
		fmt.Fprintf(&line, "; beside it %s (%s)", short(t.Next.Image), share(*t.Next))
	}
	if t.URL != "" {
		line.WriteString("; " + t.URL)
	}
	fmt.Fprintln(w, line.String())
	for _, i := range t.Instances {
		text := "ready"
		if !i.Ready {
			text = "not ready"
		}
		if i.Track != "" {
			text += ", " + i.Track
		}
		if i.Restarts > 0 {
			text += fmt.Sprintf(", started again %d times", i.Restarts)
		}
		if i.Message != "" {
			text += ": " + i.Message
		}
		fmt.Fprintf(w, "  %s  %s  %s\n", i.Name, short(i.Image), text)
	}
}
