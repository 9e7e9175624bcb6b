package main

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/publish"
	"github.com/spf13/cobra"
)

func openCommand(s streams) *cobra.Command {
	var f fileFlags
	cmd := &cobra.Command{
		Use:   "open [TARGET]",
		Short: "Print the URL of a target's endpoint",
		Long: `Print the URL at which the endpoint of a target is reached from this machine.
Where that takes a tunnel, as to a Kubernetes Service without a way in from outside,
the tunnel is open until Ctrl-C, which is no failure.`,
		Example: `  deployfile open prod
  curl "$(deployfile open local)/ping"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return open(cmd.Context(), s, first(args), f)
		},
		ValidArgsFunction: completeTargets(f.open),
	}
	f.add(cmd.Flags())
	return cmd
}

func open(ctx context.Context, s streams, name string, f fileFlags) error {
	steps := newSteps(s.err, "auto")
	defer steps.close()
	at, err := f.connect(ctx, name, steps)
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
		_, err := fmt.Fprintln(s.out, printable(status.URL))
		return err
	}
	endpoint, err := at.endpoint(ctx)
	if err != nil {
		return err
	}
	if endpoint.Close != nil {
		defer endpoint.Close()
	}
	if _, err := fmt.Fprintln(s.out, endpoint.URL); err != nil {
		return err
	}
	fmt.Fprintln(s.err, "the tunnel is open until Ctrl-C")
	<-ctx.Done()
	return nil
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
