package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/spf13/cobra"
)

// predictOptions are the flags of the predict command.
type predictOptions struct {
	inputFlags
	input, output, contentType string
}

func predictCommand(s streams) *cobra.Command {
	var o predictOptions
	cmd := &cobra.Command{
		Use:   "predict -i FILE [-o FILE] [CONTEXT]",
		Short: "Send one request through the image",
		Long: `Build the image, start it, send it one request and print the answer. The input
is what /invocations takes: JSON, such as the model's
serving_input_example.json, or CSV with a header. No server is left behind.`,
		Example: `  deployfile predict -i model/serving_input_example.json
  deployfile predict -i rows.csv -o predictions.json
  echo '{"inputs": [[1, 2]]}' | deployfile predict -i - --content-type application/json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return predict(cmd.Context(), s, contextFolder(args), o)
		},
	}
	flags := cmd.Flags()
	o.add(flags)
	o.addLocked(flags)
	flags.StringVarP(&o.input, "input", "i", "", `the request, "-" for standard input`)
	flags.StringVarP(&o.output, "output", "o", "-", "where the answer goes")
	flags.StringVar(&o.contentType, "content-type", "", "application/json or text/csv (default: by the input's name, else JSON)")
	return cmd
}

func predict(ctx context.Context, s streams, folder string, o predictOptions) error {
	if o.input == "" {
		return &usageError{errors.New("--input is missing: name a JSON or CSV file")}
	}
	request, err := o.request(s.in)
	if err != nil {
		return err
	}
	p, err := o.open(folder)
	if err != nil {
		return err
	}
	opt, err := o.options(p, "", s)
	if err != nil {
		return err
	}
	// A command of the user's own need not look at PORT.
	port := p.file.Server.Port
	if p.file.Server.Kind != "command" {
		if port, err = freePort(); err != nil {
			return err
		}
	} else if err := checkPort(port); err != nil {
		return err
	}
	b, err := o.find(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	log := &serverLog{}
	var answer []byte
	v := &serving{
		project: p, build: opt, port: port, log: log,
		use: func(ctx context.Context, url string, server build.Server) (err error) {
			answer, err = invoke(ctx, url, o.mediaType(), request)
			return err
		},
	}
	if err := v.run(ctx, b); err != nil {
		if ctx.Err() == nil && !is[*refusedError](err) {
			_, _ = s.err.Write(log.text())
		}
		return err
	}
	if o.output != "-" {
		return build.WriteFile(o.output, answer)
	}
	_, err = s.out.Write(answer)
	return err
}

func (o *predictOptions) request(stdin io.Reader) ([]byte, error) {
	if o.input == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(o.input)
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

// invoke sends a request; an answer other than 200 is an error with the
// server's own words.
func invoke(ctx context.Context, url, mediaType string, request []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/invocations", bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", mediaType)
	res, err := loopbackClient().Do(req)
	if err != nil {
		return nil, fmt.Errorf("the server did not answer: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("the server's answer broke off: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		err := fmt.Errorf("the model answers %s: %s", res.Status, serverMessage(answer))
		if res.StatusCode < http.StatusInternalServerError {
			err = &refusedError{err}
		}
		return nil, err
	}
	return append(bytes.TrimRight(answer, "\n"), '\n'), nil
}

// refusedError is an answer that finds fault with the request, about which the
// server's log has nothing to add.
type refusedError struct{ error }

// serverMessage is the message of an MLflow error, or else the whole answer.
func serverMessage(answer []byte) string {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &e) == nil && e.Message != "" {
		return e.Message
	}
	return string(bytes.TrimSpace(answer))
}
