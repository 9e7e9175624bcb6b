package sagemaker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	runtimetypes "github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/proxy"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// maxAsync is the size of the largest request to an asynchronous endpoint that goes through
// this machine, and of the largest answer, in bytes. SageMaker takes 1 GB.
const maxAsync = 100 << 20

// asyncWait is the pause between two looks for an answer.
const asyncWait = time.Second

// queue sends requests to an asynchronous endpoint as if it answered at once: each is an
// object of S3, and so is its answer.
type queue struct {
	*connection
	runtime *sagemakerruntime.Client
	// requests is where requests are until they are answered.
	requests location
	wait     time.Duration
	// asking are the requests that are under way.
	asking sync.WaitGroup
}

// queueOf returns the queue of an endpoint; ok is false if it answers at once.
func (c *connection) queueOf(runtime *sagemakerruntime.Client, config *types.AsyncInferenceConfig) (q *queue, ok bool, err error) {
	if config == nil || config.OutputConfig == nil {
		return nil, false, nil
	}
	requests, ok := locationOf(c.storageURL)
	if !ok {
		output := aws.ToString(config.OutputConfig.S3OutputPath)
		if requests, ok = locationOf(output); !ok {
			return nil, false, fmt.Errorf("the endpoint %s writes its answers to %q, which is not in S3", c.endpoint, output)
		}
		requests = requests.under("requests")
	}
	return &queue{connection: c, runtime: runtime, requests: requests, wait: min(asyncWait, c.poll)}, true, nil
}

// serve serves the queue on this machine until the endpoint is closed, which waits until
// nothing of the requests is left in S3.
func (q *queue) serve(ctx context.Context, ping http.HandlerFunc) (*publish.Endpoint, error) {
	e, err := proxy.Serve(ctx, q.invocations, ping)
	if err != nil {
		return nil, err
	}
	end := e.Close
	e.Close = func() error {
		err := end()
		q.asking.Wait()
		return err
	}
	return e, nil
}

func (q *queue) invocations(w http.ResponseWriter, r *http.Request) {
	q.asking.Add(1)
	defer q.asking.Done()
	body, ok := proxy.Body(w, r, maxAsync, "")
	if !ok {
		return
	}
	answer, err := q.ask(r.Context(), body, r.Header)
	if err != nil {
		status, text := answerOf(err)
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if accept := r.Header.Get("Accept"); accept != "" && accept != "*/*" {
		w.Header().Set("Content-Type", accept)
	}
	_, _ = w.Write(answer)
}

// ask sends a request and waits for its answer. It leaves nothing in S3 that is its own,
// but what SageMaker writes after the client has gone.
func (q *queue) ask(ctx context.Context, body []byte, header http.Header) (answer []byte, err error) {
	input := q.requests.under(q.jobName())
	made := []location{input}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), publish.CleanupLimit)
		defer cancel()
		for _, l := range made {
			err = errors.Join(err, q.removeOne(fresh, l))
		}
	}()
	if err := q.put(ctx, input, bytes.NewReader(body)); err != nil {
		return nil, err
	}
	in := &sagemakerruntime.InvokeEndpointAsyncInput{EndpointName: aws.String(q.endpoint), InputLocation: aws.String(input.String())}
	take(header, map[string]**string{"Content-Type": &in.ContentType, "Accept": &in.Accept})
	sent, err := q.runtime.InvokeEndpointAsync(ctx, in)
	if err != nil {
		return nil, err
	}
	output, ok := locationOf(aws.ToString(sent.OutputLocation))
	if !ok {
		return nil, fmt.Errorf("SageMaker names %q as the place of the answer, which is not in S3", aws.ToString(sent.OutputLocation))
	}
	made = append(made, output)
	failure, mayFail := locationOf(aws.ToString(sent.FailureLocation))
	if mayFail {
		made = append(made, failure)
	}
	for {
		if answer, ok, err = q.fetch(ctx, output); ok || err != nil {
			return answer, err
		}
		if mayFail {
			text, ok, err := q.fetch(ctx, failure)
			if err != nil {
				return nil, err
			}
			if ok {
				// What SageMaker has written has no status of the server's.
				return nil, &runtimetypes.ModelError{OriginalStatusCode: aws.Int32(http.StatusBadGateway), OriginalMessage: aws.String(string(text))}
			}
		}
		if err := wait.For(ctx, q.wait); err != nil {
			return nil, err
		}
	}
}

// fetch returns an object; ok is false until it is there.
func (q *queue) fetch(ctx context.Context, at location) (content []byte, ok bool, err error) {
	in, err := q.get(ctx, at)
	if named(err, "NoSuchKey") {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer in.Close()
	content, err = untrusted.ReadAll(in, at.String(), maxAsync)
	return content, err == nil, err
}
