package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/deploy"
)

const defaultBatchTimeout = time.Hour

// predictAt sends a request to an endpoint.
func predictAt(ctx context.Context, s streams, dir string, o predictOptions) error {
	steps := newSteps(s, o.progress, false)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, dir, steps, o.target)
	if err != nil {
		return err
	}
	request, err := o.request(ctx, s.in, d.Project)
	if err != nil {
		return err
	}
	answer, err := d.Predict(ctx, deploy.PredictOptions{Target: o.target, Track: o.track, MediaType: o.mediaType(), Request: request})
	if err != nil {
		return err
	}
	steps.Done()
	return o.write(s, answer)
}

// predictBatch scores a whole file at a target.
func predictBatch(ctx context.Context, s streams, in, out, dir string, o predictOptions) error {
	steps := newSteps(s, o.progress, false)
	defer steps.close()
	d, err := o.deployerFor(ctx, s, dir, steps, o.target)
	if err != nil {
		return err
	}
	at, err := d.Batch(ctx, deploy.BatchOptions{Target: o.target, Input: in, Output: out, Timeout: o.timeout})
	if err != nil {
		return err
	}
	steps.Done()
	_, err = fmt.Fprintf(s.text, "%s: wrote %s\n", at.Target, out)
	return err
}
