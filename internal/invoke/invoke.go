// Package invoke sends a request to a model's server and reads its answer.
package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// MaxBody is the size of the largest request and of the largest answer, in bytes:
// both are held in memory. More is for a batch.
const MaxBody = 256 << 20

// RefusedError is an answer that finds fault with the request, about which the
// server's log has nothing to add.
type RefusedError struct{ Err error }

// Error has the server's own words.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }

// Post sends a request to /invocations of the server at a URL without a path, with more
// headers beside its media type, and returns the answer, which ends with a newline. Any answer other than 200 is an
// error with the server's own words, a *RefusedError below 500.
func Post(ctx context.Context, server, mediaType string, more http.Header, request []byte) ([]byte, error) {
	return post(ctx, clientFor(server), server, mediaType, more, request)
}

func post(ctx context.Context, client *http.Client, server, mediaType string, more http.Header, request []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/invocations", bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, more)
	req.Header.Set("Content-Type", mediaType)
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the server did not answer: %w", err)
	}
	defer res.Body.Close()
	answer, err := untrusted.ReadAll(res.Body, "the server's answer", MaxBody)
	if untrusted.Refused(err) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the server's answer is incomplete: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		err := fmt.Errorf("the model answers %s: %s", res.Status, message(answer))
		if res.StatusCode < http.StatusInternalServerError {
			err = &RefusedError{err}
		}
		return nil, err
	}
	return append(bytes.TrimRight(answer, "\n"), '\n'), nil
}

// message returns the message of an MLflow error, or else the whole answer.
func message(answer []byte) string {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &e) == nil && e.Message != "" {
		return e.Message
	}
	return string(bytes.TrimSpace(answer))
}

// clientFor ignores the proxies that the environment names for a server on the
// loopback, which may be the end of a tunnel.
func clientFor(server string) *http.Client {
	if u, err := url.Parse(server); err == nil {
		if host := u.Hostname(); host == "localhost" || net.ParseIP(host).IsLoopback() {
			return Loopback()
		}
	}
	return &http.Client{CheckRedirect: Stay}
}

// Loopback returns a client for a server on this machine, which ignores the proxies
// that the environment names.
func Loopback() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: Stay}
}

// Stay follows no redirect: a model's server would send this program to places that
// the model itself cannot reach, and the request with it.
func Stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
