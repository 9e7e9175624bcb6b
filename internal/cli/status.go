package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/publish"
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
		Short: "Say what the targets serve, and whether they do",
		Long: `Ask the targets, all of the Deployfile's unless some are named, what they serve and
whether they do. The exit code is 0 if every target answered, whether it serves or
not.

--json prints a list with an object for each target:

  target, kind, endpoint   which it is
  deployed, ready          whether there is something, and whether it serves
  message                  why not, or what is under way
  url                      where it is reached, if not only by deployfile open
  revision, at, by         the newest revision's number, when (RFC 3339) and by whom
  live, next               what answers requests, and what waits beside it: track,
                           image, model-image, lock, file (digests)
  instances                name, image, track, ready, message, restarts
  error                    why the target could not be asked`,
		Example: `  deployfile status
  deployfile status prod --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return status(cmd.Context(), s, args, o)
		},
		ValidArgsFunction: completeTargets(o.open),
	}
	o.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// targetStatus is what status --json prints for each target.
type targetStatus struct {
	targetName
	Deployed  bool       `json:"deployed"`
	Ready     bool       `json:"ready"`
	Message   string     `json:"message,omitempty"`
	URL       string     `json:"url,omitempty"`
	Revision  int        `json:"revision"`
	At        *time.Time `json:"at,omitempty"`
	By        string     `json:"by,omitempty"`
	Live      *slot      `json:"live,omitempty"`
	Next      *slot      `json:"next,omitempty"`
	Instances []instance `json:"instances"`
	Error     string     `json:"error,omitempty"`

	state *publish.Revision
}

// instance is one container or pod.
type instance struct {
	Name     string `json:"name"`
	Image    string `json:"image"`
	Track    string `json:"track,omitempty"`
	Ready    bool   `json:"ready"`
	Message  string `json:"message,omitempty"`
	Restarts int    `json:"restarts"`
}

func status(ctx context.Context, s streams, names []string, o statusOptions) error {
	p, err := o.open(ctx)
	if err != nil {
		return err
	}
	targets, err := p.targets(names, len(names) == 0)
	if err != nil {
		return err
	}
	steps := newSteps(s.console, "auto")
	defer steps.close()
	steps.wait("asking %d targets", len(targets))
	out := make([]targetStatus, len(targets))
	errs := eachPlace(ctx, targets, steps, func(n int, at *place) error {
		got, err := at.publisher.Status(ctx)
		if err == nil {
			out[n] = statusOf(at.Target, got)
		}
		return err
	})
	steps.done()
	for n, err := range errs {
		if err != nil {
			out[n] = targetStatus{targetName: nameOf(targets[n]), Instances: []instance{}, Error: err.Error()}
		}
	}
	if o.asJSON {
		return errors.Join(append(errs, writeJSON(s.out, out))...)
	}
	for n := range out {
		out[n].text(s.text, time.Now())
	}
	return errors.Join(errs...)
}

func statusOf(t deployfile.Target, got *publish.Status) targetStatus {
	out := targetStatus{targetName: nameOf(t), Ready: got.Ready, Message: got.Message, URL: got.URL, Instances: []instance{}}
	if r := got.Revision; r != nil {
		at := r.At.UTC()
		out.Deployed, out.Revision, out.At, out.By, out.state = true, r.Number, &at, r.By, r
		out.Live, out.Next = slots(r.State)
	}
	for _, i := range got.Instances {
		out.Instances = append(out.Instances, instance(i))
	}
	return out
}

// text is a line for the target, and one for each instance that is not ready
// or belongs to a release that waits.
func (t *targetStatus) text(w *terminal.Writer, now time.Time) {
	var line strings.Builder
	fmt.Fprintf(&line, "%s: ", t.Target)
	switch {
	case t.Error != "":
		line.WriteString("cannot be asked")
	case !t.Deployed:
		fmt.Fprintf(&line, "nothing is deployed as %s", t.Endpoint)
	case t.Ready:
		fmt.Fprintf(&line, "%s serves revision %d, %s, deployed %s by %s", t.Endpoint, t.Revision, short(t.Live.Image), ago(*t.At, now), t.By)
	case slices.ContainsFunc(t.Instances, func(i instance) bool { return i.Ready }):
		fmt.Fprintf(&line, "%s does not serve as it should; revision %d, %s, deployed %s by %s", t.Endpoint, t.Revision, short(t.Live.Image), ago(*t.At, now), t.By)
	default:
		fmt.Fprintf(&line, "%s does not serve; revision %d, %s, deployed %s by %s", t.Endpoint, t.Revision, short(t.Live.Image), ago(*t.At, now), t.By)
	}
	if t.Message != "" {
		line.WriteString("; " + t.Message)
	}
	if t.Next != nil {
		fmt.Fprintf(&line, "; beside it %s (%s)", short(t.Next.Image), share(*t.state.State.Next))
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
