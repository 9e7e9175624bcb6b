package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/serve"
	"github.com/spf13/cobra"
)

// predictOptions are the flags of the predict command.
type predictOptions struct {
	inputFlags
	serverFlags
	input, output, contentType string
	target, track              string
	batch                      bool
	timeout                    time.Duration
}

func predictCommand(s streams) *cobra.Command {
	var o predictOptions
	cmd := &cobra.Command{
		Use:   "predict [-i FILE] [-o FILE] [CONTEXT]",
		Short: "Send one request through the image, or to a target",
		Long: `Build the image, start it, send it one request and print the answer. The input
is what /invocations takes: JSON or CSV with a header; by default it is the model's
own serving_input_example.json. No server is left behind. CONTEXT may be the URI of a
model, such as models:/iris@champion, which needs no Deployfile.

With --target the request goes to the endpoint that is deployed there, and nothing
is built. --track sends it to one of two releases: live, or next, which is a canary
or a preview. With --batch as well, the target runs the image that is deployed there
once over all of IN and writes the answers to OUT: files here, or URLs that the
target reads and writes itself (s3://BUCKET/KEY, pvc://CLAIM/PATH).`,
		Example: `  deployfile predict
  deployfile predict -i rows.csv -o predictions.json
  echo '{"inputs": [[1, 2]]}' | deployfile predict -i - --content-type application/json
  deployfile predict --target prod -i rows.csv
  deployfile predict --target prod --batch s3://data/rows.csv s3://data/answers.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.track != "" && (o.target == "" || o.batch):
				return errors.New("--track goes with --target, and not with --batch")
			case o.given() && o.input == standardInput:
				return errors.New("--file and --input are both standard input: give one of them a name")
			case !o.batch:
				return cobra.MaximumNArgs(1)(cmd, args)
			case o.target == "":
				return errors.New("--batch runs at a target: name it with --target")
			case len(args) < 2:
				return errors.New("--batch takes what is read and what is written: IN OUT [CONTEXT]")
			case o.input != "" || o.output != "-" || o.contentType != "":
				return errors.New("--batch takes IN and OUT as arguments, and no --input, --output or --content-type")
			}
			return cobra.MaximumNArgs(3)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var in, out string
			if o.batch {
				in, out, args = args[0], args[1], args[2:]
			}
			directory, closed, err := o.project(args)
			if err != nil {
				return err
			}
			defer closed()
			switch {
			case o.batch:
				return predictBatch(cmd.Context(), s, in, out, directory, o)
			case o.target != "":
				return predictAt(cmd.Context(), s, directory, o)
			}
			return predict(cmd.Context(), s, directory, o)
		},
	}
	flags := cmd.Flags()
	o.inputFlags.add(flags, s)
	o.addLocked(flags)
	o.serverFlags.add(flags)
	flags.StringVarP(&o.input, "input", "i", "", "the `FILE` with the request, - for standard input (default: the model's own example)")
	flags.StringVarP(&o.output, "output", "o", "-", "the `FILE` that the answer goes to")
	flags.StringVar(&o.contentType, "content-type", "", "the `TYPE` of the request, application/json or text/csv (default: by the input's name, else JSON)")
	flags.StringVar(&o.target, "target", "", "a `TARGET` of the Deployfile, which is asked instead of the image")
	flags.StringVar(&o.track, "track", "", "with --target: the release that answers, live, next, or a `TRACK` that status shows")
	flags.BoolVar(&o.batch, "batch", false, "with --target: score all of IN, and write OUT")
	flags.DurationVar(&o.timeout, "timeout", defaultBatchTimeout, "with --batch: the `TIME` that it may take")
	completeFlag(cmd, "target", completeTargets(o.openHere))
	completeFlag(cmd, "track", cobra.FixedCompletions([]string{"live", "next"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func predict(ctx context.Context, s streams, dir string, o predictOptions) error {
	p, err := o.open(ctx, dir)
	if err != nil {
		return err
	}
	var request []byte
	elsewhere := o.input == "" && !inContext(p)
	if !elsewhere {
		if request, err = o.request(ctx, s.in, p); err != nil {
			return err
		}
	}
	opt, err := o.options(p, "", s)
	if err != nil {
		return err
	}
	if elsewhere {
		opt.Example = func(saved []byte) error {
			if request = saved; saved == nil {
				return errNoExample()
			}
			return nil
		}
	}
	port, err := serve.FreePort()
	if err != nil {
		return err
	}
	listen, err := listenAddress(loopback, port)
	if err != nil {
		return err
	}
	limits, err := o.limits()
	if err != nil {
		return err
	}
	b, err := o.find(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	log := &serve.Log{}
	var answer []byte
	err = serve.Run(ctx, b, serve.Options{Project: p, Build: opt, Listen: listen, Limits: limits, Log: log},
		func(ctx context.Context, url string, server build.Server) (err error) {
			answer, err = invoke.Post(ctx, url, o.mediaType(), nil, request)
			return err
		})
	if err != nil {
		if ctx.Err() == nil && !is[*invoke.RefusedError](err) {
			_, _ = s.err.Write(log.Text())
		}
		return err
	}
	return o.write(s, answer)
}

func (o *predictOptions) write(s streams, answer []byte) error {
	if o.output != "-" {
		return build.WriteFile(o.output, answer)
	}
	_, err := s.out.Write(answer)
	return err
}

// request reads the request's body from a file that the user names, which may be a
// pipe.
func (o *predictOptions) request(ctx context.Context, stdin io.Reader, p *build.Project) ([]byte, error) {
	if o.input == "" {
		name, err := findExample(ctx, p)
		switch {
		case err == nil && name == "" && !inContext(p):
			return nil, &usageError{errors.New("--input is missing, and only a build reads the model's own example: name a JSON or CSV file")}
		case err == nil && name == "":
			return nil, errNoExample()
		}
		var data []byte
		if err == nil {
			data, err = untrusted.Wait(ctx, func() ([]byte, error) { return build.ReadIn(p.Dir, name, invoke.MaxBody) })
		}
		if err != nil {
			return nil, &usageError{fmt.Errorf("--input is missing, and the model's own example cannot be read: %w", err)}
		}
		return data, nil
	}
	return untrusted.Wait(ctx, func() ([]byte, error) {
		if o.input == standardInput {
			return untrusted.ReadAll(stdin, "standard input", invoke.MaxBody)
		}
		f, err := os.Open(o.input)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return untrusted.ReadAll(f, o.input, invoke.MaxBody)
	})
}

// errNoExample is the error of a request that nobody has given.
func errNoExample() error {
	return &usageError{errors.New("--input is missing, and the model has no input example: name a JSON or CSV file")}
}

func (o *predictOptions) mediaType() string {
	switch {
	case o.contentType != "":
		return o.contentType
	case strings.EqualFold(filepath.Ext(o.input), ".csv"):
		return "text/csv"
	}
	return "application/json"
}
