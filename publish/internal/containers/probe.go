package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	neturl "net/url"
	"strings"
	"time"
)

const (
	// answerLimit is how long a server may think about /ping.
	answerLimit = 5 * time.Second
	// Pause is the time between two questions.
	Pause = 100 * time.Millisecond
)

// Dial opens a connection to a host:port.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Probe asks servers whether they serve.
type Probe struct{ client *http.Client }

// NewProbe makes a probe whose connections dial opens, or the operating system
// if that is nil.
func NewProbe(dial Dial) *Probe {
	// Each question is a connection of its own, or one could be answered by
	// the container that was there before. No proxy is asked the way.
	return &Probe{client: &http.Client{
		Timeout:   answerLimit,
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Serves returns nil if GET /ping at url, which has no path, is answered by
// 200, as MLflow documents of its server. A server of the user's own command
// need not know /ping, so that a plain 404 or 405 will do, and so will an answer
// that is not HTTP/1.
func (p *Probe) Serves(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ping", nil)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		// net/http has no type for it.
		if strings.Contains(err.Error(), "malformed HTTP") {
			return nil
		}
		var inner *neturl.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("GET %s/ping is not answered: %w", url, err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16)
	switch code := response.StatusCode; {
	case code < 400, code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return nil
	}
	return fmt.Errorf("GET /ping is answered by %s", response.Status)
}
