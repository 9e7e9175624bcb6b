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
	// answerLimit is how long a server may take to answer /ping.
	answerLimit = 5 * time.Second
	// Pause is the time between two polls.
	Pause = 100 * time.Millisecond
)

// Dial opens a connection to a host:port.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Probe asks servers whether they are ready.
type Probe struct{ client *http.Client }

// NewProbe returns a Probe whose connections dial opens, or the operating system if
// dial is nil.
func NewProbe(dial Dial) *Probe {
	// Each poll has a connection of its own, because an old one could lead to the
	// previous container. No proxy is used.
	return &Probe{client: &http.Client{
		Timeout:   answerLimit,
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Serves returns nil if GET /ping at url, which has no path, returns 200, as MLflow
// documents for its server. The server of a user's own command need not have /ping, so
// a plain 404 or 405 is accepted, and so is an answer that is not HTTP/1.
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
