package untrusted

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

// AnswerLimit is how much is read of a server's answer.
type AnswerLimit struct {
	// Bytes is the size of its body, decompressed.
	Bytes int64
	// Values is how many values it has as JSON, counted as DecodeJSON does; 0 is
	// for an answer that is not JSON.
	Values int
}

// Answers is an http.RoundTripper for clients that decode whatever a server
// sends: the body is read here, within limits, before the client sees anything
// of it. The error is an *AnswerError, within the *url.Error of an http.Client.
type Answers struct {
	// Base sends the requests.
	Base http.RoundTripper
	// Limit is how much is read of the answer to a request, the first where the
	// server redirected it; nil leaves the answer to whoever asked, as a stream.
	Limit func(*http.Request) *AnswerLimit
}

var _ http.RoundTripper = Answers{}

// RoundTrip implements http.RoundTripper.
func (a Answers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.Base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	limit := a.Limit(first(req))
	if limit == nil || resp.Body == nil || req.Method == http.MethodHead || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, nil
	}
	defer resp.Body.Close()
	data, err := limit.read(resp)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

func (a *AnswerLimit) read(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > a.Bytes {
		return nil, &AnswerError{Limit: size(a.Bytes)}
	}
	data, err := ReadAll(resp.Body, "the answer", a.Bytes)
	var large *TooLargeError
	switch {
	case errors.As(err, &large):
		return nil, &AnswerError{Limit: size(a.Bytes)}
	case err != nil:
		return nil, err
	case a.Values > 0 && checkJSON(data, a.Values) != nil:
		return nil, &AnswerError{Limit: fmt.Sprintf("%d values", a.Values)}
	}
	return data, nil
}

// first is the request that the redirects began with which led to req.
func first(req *http.Request) *http.Request {
	for req.Response != nil && req.Response.Request != nil {
		req = req.Response.Request
	}
	return req
}

// Registry is a transport to registries. It bounds all that they answer except
// blobs, whose readers know how large each is:
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints.
func Registry(base http.RoundTripper) http.RoundTripper {
	return Answers{Base: base, Limit: func(req *http.Request) *AnswerLimit {
		dir, last := path.Split(req.URL.Path)
		switch kind := path.Base(dir); {
		case kind == "blobs" && strings.Contains(last, ":") && req.Method == http.MethodGet:
			return nil
		case kind == "manifests", kind == "referrers":
			return &AnswerLimit{Bytes: 4 << 20, Values: 100_000}
		}
		return &AnswerLimit{Bytes: 16 << 20, Values: 1_000_000}
	}}
}
