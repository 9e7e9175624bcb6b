package azureml

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/proxy"
)

var (
	_ publish.Opener  = (*Publisher)(nil)
	_ publish.Tracker = (*Publisher)(nil)
)

const (
	// MaxRequest and MaxAnswer are the sizes of the largest request and answer that the
	// server of open takes, in bytes.
	MaxRequest = 100 << 20
	MaxAnswer  = 100 << 20
	// headerDeployment names the deployment that is to answer.
	headerDeployment = "azureml-model-deployment"
	// headerStatus has the status of the server's own answer.
	headerStatus = "ms-azureml-model-error-statuscode"
)

// Open implements publish.Opener with a server on this machine that adds the key or the
// token, which nobody gets to see. The end of ctx does not end it.
func (p *Publisher) Open(ctx context.Context) (*publish.Endpoint, error) {
	e, _, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	if e == nil || deref(e.Properties.ScoringURI) == "" {
		return nil, &publish.NothingError{Endpoint: p.endpoint}
	}
	if !secure(deref(e.Properties.ScoringURI)) {
		return nil, fmt.Errorf("the endpoint %s is at %q, which is not an https address to which a key may be sent", p.endpoint, deref(e.Properties.ScoringURI))
	}
	signing := &signer{connection: p.connection, uri: deref(e.Properties.ScoringURI), mode: deref(e.Properties.AuthMode)}
	return proxy.Serve(ctx, signing.invocations, signing.ping)
}

// Tracked implements publish.Tracker: each slot has a deployment.
func (p *Publisher) Tracked(newest *publish.Revision, next bool) (name, value string, err error) {
	w, err := p.parse(newest.Documents)
	if err != nil {
		return "", "", fmt.Errorf("revision %d: %w", newest.Number, err)
	}
	of := w.releases()[0]
	if next && w.next != nil {
		of = w.next
	}
	return headerDeployment, of.name, nil
}

// signer sends requests on to the scoring URI.
type signer struct {
	*connection
	uri  string
	mode api.EndpointAuthMode

	mu  sync.Mutex
	key string
}

// ping answers for the endpoint: Azure has no such route outside.
func (p *signer) ping(w http.ResponseWriter, r *http.Request) {
	e, ds, err := p.look(r.Context())
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	case e == nil || len(ds) == 0 || stateOf(e) == "Failed":
		http.Error(w, "the endpoint does not answer", http.StatusServiceUnavailable)
	}
}

func (p *signer) invocations(w http.ResponseWriter, r *http.Request) {
	body, ok := proxy.Body(w, r, MaxRequest, "")
	if !ok {
		return
	}
	answer, err := p.send(r, body, false)
	if err == nil && answer.StatusCode == http.StatusUnauthorized {
		// The keys were made anew, or a token has expired.
		_ = answer.Body.Close()
		answer, err = p.send(r, body, true)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	for _, name := range []string{"Content-Type", headerDeployment} {
		if value := answer.Header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	status := answer.StatusCode
	if own, err := strconv.Atoi(answer.Header.Get(headerStatus)); err == nil && status == http.StatusFailedDependency && own >= 400 && own < 600 {
		status = own
	}
	w.WriteHeader(proxy.Status(status))
	_, _ = io.Copy(w, io.LimitReader(answer.Body, MaxAnswer))
}

func (p *signer) send(r *http.Request, body []byte, again bool) (*http.Response, error) {
	key, err := p.authorization(r.Context(), again)
	if err != nil {
		return nil, err
	}
	out, err := http.NewRequestWithContext(r.Context(), http.MethodPost, p.uri, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"Content-Type", "Accept", headerDeployment} {
		if value := r.Header.Get(name); value != "" {
			out.Header.Set(name, value)
		}
	}
	out.Header.Set("Authorization", "Bearer "+key)
	return p.scoring.Do(out)
}

// authorization returns the key or the token, asked for once, or again.
func (p *signer) authorization(ctx context.Context, again bool) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.key != "" && !again {
		return p.key, nil
	}
	switch p.mode {
	case api.EndpointAuthModeAADToken:
		token, err := p.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{p.audience + "/.default"}})
		if err != nil {
			return "", refused("ask for a token", err)
		}
		p.key = token.Token
	case api.EndpointAuthModeAMLToken:
		token, err := p.endpoints.GetToken(ctx, p.group, p.workspace, p.endpoint, nil)
		if err != nil {
			return "", refused("ask for a token of endpoint "+p.endpoint, err)
		}
		p.key = deref(token.AccessToken)
	default:
		keys, err := p.endpoints.ListKeys(ctx, p.group, p.workspace, p.endpoint, nil)
		if err != nil {
			return "", refused("ask for the key of endpoint "+p.endpoint, err)
		}
		p.key = deref(keys.PrimaryKey)
	}
	return p.key, nil
}
