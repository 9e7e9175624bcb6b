package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// openOptions are the flags of the open command.
type openOptions struct {
	fileFlags
	asJSON bool
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
		ValidArgsFunction: completeTargets(o.openHere),
	}
	o.add(cmd.Flags(), s)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func open(ctx context.Context, s streams, name string, o openOptions) error {
	steps := newSteps(s, "auto", false)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, o.directory, steps, name)
	if err != nil {
		return err
	}
	endpoint, err := d.Open(ctx, name)
	if err != nil {
		return err
	}
	defer endpoint.Close()
	steps.Done()
	if o.asJSON {
		err = s.result(endpoint.Endpoint)
	} else {
		_, err = fmt.Fprintln(s.text, endpoint.URL)
	}
	if err != nil || !endpoint.Tunnel {
		return err
	}
	fmt.Fprintln(s.err, "the tunnel is open until Ctrl-C")
	<-ctx.Done()
	return nil
}
