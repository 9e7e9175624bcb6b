package untrusted

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// AnswerLimit limits a server's response.
type AnswerLimit struct {
	// Bytes limits the decompressed body.
	Bytes int64
	// Values limits the JSON values in the body, counted as by DecodeJSON; 0 if
	// the response is not JSON.
	Values int
}

// Answers is an http.RoundTripper for clients that decode whatever a server
// sends: it reads the body within limits before the client sees any of it. The
// error is an *AnswerError, inside the *url.Error of an http.Client.
type Answers struct {
	// Base sends the requests.
	Base http.RoundTripper
	// Limit returns the limits for the response to a request, which is the first
	// one if the server redirected it; nil passes the response through as a
	// stream.
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

// answerSilence is how long a server may send nothing of an answer that is read as a whole.
const answerSilence = 2 * time.Minute

func (a *AnswerLimit) read(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > a.Bytes {
		return nil, &AnswerError{Limit: size(a.Bytes)}
	}
	data, err := ReadAll(Patient(resp.Body, answerSilence), "the answer", a.Bytes)
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

// first returns the request whose redirects led to req.
func first(req *http.Request) *http.Request {
	for req.Response != nil && req.Response.Request != nil {
		req = req.Response.Request
	}
	return req
}

// Registry returns a transport for registries. It limits all responses except
// blobs, whose readers know their size:
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
