package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	runtimetypes "github.com/aws/aws-sdk-go-v2/service/sagemakerruntime/types"
	"github.com/aws/smithy-go"

	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/proxy"
)

var (
	_ publish.Opener  = (*Publisher)(nil)
	_ publish.Tracker = (*Publisher)(nil)
)

// MaxRequest is the size of the largest request that SageMaker takes, in bytes.
const MaxRequest = 6 << 20

// headerVariant names the variant that is to answer.
const headerVariant = "X-Amzn-Sagemaker-Target-Variant"

// Open implements publish.Opener with a server on this machine that signs requests: nobody
// answers at SageMaker without a signature. The end of ctx does not end it.
func (p *Publisher) Open(ctx context.Context) (*publish.Endpoint, error) {
	e, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, &publish.NothingError{Endpoint: p.endpoint}
	}
	signing := &signer{connection: p.connection, runtime: sagemakerruntime.NewFromConfig(p.config)}
	q, asynchronous, err := p.queueOf(signing.runtime, e.AsyncInferenceConfig)
	if err != nil {
		return nil, err
	}
	if asynchronous {
		return q.serve(ctx, signing.ping)
	}
	return proxy.Serve(ctx, signing.invocations, signing.ping)
}

// Tracked implements publish.Tracker: each slot has a variant.
func (p *Publisher) Tracked(r *publish.Revision, next bool) (name, value string, err error) {
	if next {
		if s, ok := r.State.Next.Release.Target.Spec.(*spec.Spec); ok && s.Mirror > 0 {
			return "", "", fmt.Errorf("the preview of %s gets copies of requests alone: mirror is set", p.endpoint)
		}
		return headerVariant, spec.VariantNext, nil
	}
	return headerVariant, spec.VariantLive, nil
}

// signer signs requests to the endpoint.
type signer struct {
	*connection
	runtime *sagemakerruntime.Client
}

func (p *signer) ping(w http.ResponseWriter, r *http.Request) {
	e, err := p.look(r.Context())
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	case e == nil || len(e.ProductionVariants) == 0:
		http.Error(w, "the endpoint is not in service", http.StatusServiceUnavailable)
	}
}

func (p *signer) invocations(w http.ResponseWriter, r *http.Request) {
	body, ok := proxy.Body(w, r, MaxRequest, ": SageMaker takes no more")
	if !ok {
		return
	}
	in := &sagemakerruntime.InvokeEndpointInput{EndpointName: aws.String(p.endpoint), Body: body}
	take(r.Header, map[string]**string{"Content-Type": &in.ContentType, "Accept": &in.Accept, headerVariant: &in.TargetVariant})
	out, err := p.runtime.InvokeEndpoint(r.Context(), in)
	if err != nil {
		status, text := answerOf(err)
		http.Error(w, text, status)
		return
	}
	w.Header().Set("Content-Type", aws.ToString(out.ContentType))
	w.Header().Set("X-Amzn-Invoked-Production-Variant", aws.ToString(out.InvokedProductionVariant))
	_, _ = w.Write(out.Body)
}

// take sets what a request's headers have.
func take(from http.Header, fields map[string]**string) {
	for name, to := range fields {
		if value := from.Get(name); value != "" {
			*to = aws.String(value)
		}
	}
}

// answerOf returns the status and the text of an error: the server's own, if it has
// answered.
func answerOf(err error) (int, string) {
	var model *runtimetypes.ModelError
	if errors.As(err, &model) && model.OriginalStatusCode != nil {
		return proxy.Status(int(*model.OriginalStatusCode)), aws.ToString(model.OriginalMessage)
	}
	var e smithy.APIError
	if errors.As(err, &e) {
		return http.StatusBadGateway, e.ErrorCode() + ": " + e.ErrorMessage()
	}
	return http.StatusBadGateway, err.Error()
}
