package cli

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/publish"
	"github.com/spf13/cobra"
)

// openOptions are the flags of the open command.
type openOptions struct {
	fileFlags
	asJSON bool
}

// opened is what open --json prints.
type opened struct {
	targetName
	URL string `json:"url"`
}

func openCommand(s streams) *cobra.Command {
	var o openOptions
	cmd := &cobra.Command{
		Use:   "open [TARGET]",
		Short: "Print the URL of a target's endpoint",
		Long: `Print the URL at which the endpoint of a target is reached from this machine.
Where that takes a tunnel, as to a Kubernetes Service without a way in from outside,
the tunnel is open until Ctrl-C, which is no failure.

--json prints an object: target, kind, endpoint, url.`,
		Example: `  deployfile open prod
  curl "$(deployfile open local)/ping"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return open(cmd.Context(), s, first(args), o)
		},
		ValidArgsFunction: completeTargets(o.open),
	}
	o.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func open(ctx context.Context, s streams, name string, o openOptions) error {
	steps := newSteps(s.console, "auto")
	defer steps.close()
	at, err := o.connect(ctx, name, steps)
	if err != nil {
		return err
	}
	defer at.close()
	steps.done()
	status, err := at.publisher.Status(ctx)
	switch {
	case err != nil:
		return atTarget(at.Target, err)
	case status.Revision == nil:
		return atTarget(at.Target, &publish.NothingError{Endpoint: at.Endpoint})
	case status.URL != "":
		return o.print(s, at, status.URL)
	}
	endpoint, err := at.endpoint(ctx)
	if err != nil {
		return err
	}
	if endpoint.Close != nil {
		defer endpoint.Close()
	}
	if err := o.print(s, at, endpoint.URL); err != nil {
		return err
	}
	fmt.Fprintln(s.err, "the tunnel is open until Ctrl-C")
	<-ctx.Done()
	return nil
}

func (o *openOptions) print(s streams, at *place, url string) error {
	if o.asJSON {
		return writeJSON(s.out, opened{nameOf(at.Target), url})
	}
	_, err := fmt.Fprintln(s.text, url)
	return err
}

// endpoint is the way to the server at a target.
func (p *place) endpoint(ctx context.Context) (*publish.Endpoint, error) {
	opener, ok := p.publisher.(publish.Opener)
	if !ok {
		return nil, atTarget(p.Target, fmt.Errorf("kind %q serves nothing", p.Kind))
	}
	endpoint, err := opener.Open(ctx)
	return endpoint, atTarget(p.Target, err)
}
