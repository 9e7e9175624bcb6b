package cli

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/serve"
	"github.com/spf13/cobra"
)

// stopGrace is how long a server may take to complete its requests.
const stopGrace = 10 * time.Second

// runOptions are the flags of the run command.
type runOptions struct {
	inputFlags
	serverFlags
	host   string
	port   int
	asJSON bool
}

func runCommand(s streams) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [CONTEXT]",
		Short: "Build the image and serve the model on this machine",
		Long: `Build the image, start it, and print its URL when it answers. It runs in Docker's
engine if there is one, else in the builder itself. It answers on the loopback of
this machine and nowhere else, unless --host says so, and has a network of its own,
no capabilities and no way to new privileges. What it prints goes to standard
error. Ctrl-C ends it. CONTEXT may be the URI of a model, which needs no Deployfile.`,
		Example: `  deployfile run
  deployfile run --port 9000
  deployfile run models:/iris@champion
  curl -H 'Content-Type: application/json' -d @model/serving_input_example.json http://127.0.0.1:8080/invocations`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			directory, closed, err := o.project(args)
			if err != nil {
				return err
			}
			defer closed()
			return runImage(cmd.Context(), s, directory, o)
		},
		ValidArgsFunction: directories,
	}
	o.inputFlags.add(cmd.Flags(), s)
	o.addLocked(cmd.Flags())
	o.serverFlags.add(cmd.Flags())
	addJSON(cmd.Flags(), &o.asJSON)
	cmd.Flags().StringVar(&o.host, "host", loopback, "the `ADDRESS` of this machine to listen at; 0.0.0.0 lets everyone in who reaches the machine")
	cmd.Flags().IntVarP(&o.port, "port", "p", 0, "the `PORT` on this machine (default: the Deployfile's, 8080)")
	return cmd
}

// runImage returns when ctx ends, which is not an error, or when the server ends.
func runImage(ctx context.Context, s streams, dir string, o runOptions) error {
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	opt, err := o.options(p, "", s)
	if err != nil {
		return err
	}
	port := p.File.Server.Port
	if o.port != 0 {
		port = o.port
	}
	listen, err := listenAddress(o.host, port)
	if err != nil {
		return err
	}
	limits, err := o.limits()
	if err != nil {
		return err
	}
	if err := serve.CheckListen(listen); err != nil {
		return err
	}
	b, err := o.find(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	log := &serverLog{to: s.err}
	defer log.flush()
	return serve.Run(ctx, b, serve.Options{Project: p, Build: opt, Listen: listen, Limits: limits, Log: &serve.Log{To: log}, Grace: stopGrace},
		func(ctx context.Context, url string, server build.Server) error {
			if o.asJSON {
				if err := s.result(report.Server{URL: url}); err != nil {
					return err
				}
			} else {
				fmt.Fprintln(s.out, url)
			}
			// Without an example, only the URL is shown.
			if name, err := findExample(ctx, p); err == nil && name != "" {
				if command := curlExample(path.Join(p.Dir, name), url); command != "" {
					fmt.Fprintf(s.err, "in another shell: %s\n", command)
				}
			}
			fmt.Fprintln(s.err, "Ctrl-C stops it")
			select {
			case <-ctx.Done():
				fmt.Fprintln(s.err, "stopping the server")
				return nil
			case <-server.Exited():
				return server.Err()
			}
		})
}
