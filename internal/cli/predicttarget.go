package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/deployfile/deployfile/publish"
)

const defaultBatchTimeout = time.Hour

// predictAt sends a request to what is deployed.
func predictAt(ctx context.Context, s streams, folder string, o predictOptions) error {
	if o.input == "" {
		return &usageError{errors.New("--input is missing: name a JSON or CSV file")}
	}
	request, err := o.request(ctx, s.in)
	if err != nil {
		return err
	}
	steps := newSteps(s.console, o.progress)
	defer steps.close()
	at, err := o.connect(ctx, folder, steps)
	if err != nil {
		return err
	}
	defer at.close()
	steps.wait("%s: waiting for the answer", at.Name)
	endpoint, err := at.endpoint(ctx)
	if err != nil {
		return err
	}
	if endpoint.Close != nil {
		defer endpoint.Close()
	}
	answer, err := invoke(ctx, clientFor(endpoint.URL), endpoint.URL, o.mediaType(), request)
	if err != nil {
		return atTarget(at.Target, err)
	}
	steps.done()
	return o.write(s, answer)
}

// predictBatch lets a target score a whole file.
func predictBatch(ctx context.Context, s streams, in, out, folder string, o predictOptions) error {
	steps := newSteps(s.console, o.progress)
	defer steps.close()
	at, err := o.connect(ctx, folder, steps)
	if err != nil {
		return err
	}
	defer at.close()
	batcher, ok := at.publisher.(publish.Batcher)
	if !ok {
		return atTarget(at.Target, fmt.Errorf("kind %q runs no batch; kubernetes does", at.Kind))
	}
	steps.wait("%s: starting", at.Name)
	err = batcher.Batch(ctx, publish.BatchOptions{
		Input: in, Output: out, Timeout: o.timeout,
		Progress: func(line string) { steps.say("%s: %s", at.Name, line) },
	})
	if err != nil {
		return atTarget(at.Target, err)
	}
	steps.done()
	_, err = fmt.Fprintf(s.text, "%s: wrote %s\n", at.Name, out)
	return err
}

func (o *predictOptions) connect(ctx context.Context, folder string, steps *steps) (*place, error) {
	f := fileFlags{inputFlags: o.inputFlags, folder: folder}
	return f.connect(ctx, o.target, steps)
}

// clientFor leaves out the proxies that the environment names where the way is
// a tunnel.
func clientFor(address string) *http.Client {
	if u, err := url.Parse(address); err == nil {
		if host := u.Hostname(); host == "localhost" || net.ParseIP(host).IsLoopback() {
			return loopbackClient()
		}
	}
	return &http.Client{CheckRedirect: stay}
}
