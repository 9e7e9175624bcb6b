package dockerengine

import (
	"context"
	"net"
	"net/http"
	"path"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/moby/moby/client"
)

// The limits of what an engine answers: of a document, and of one message of a stream, in
// bytes.
const (
	maxAnswer  = 16 << 20
	maxValues  = 1_000_000
	maxMessage = 1 << 20
)

// limited returns a client of the same engine that decodes no answer beyond the limits. It
// cannot turn a request into a connection, as Unlimited can.
func limited(c *client.Client) (*client.Client, error) {
	dial := c.Dialer()
	transport := &http.Transport{
		DialContext:  func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		MaxIdleConns: 6, IdleConnTimeout: 30 * time.Second,
	}
	return client.New(
		client.WithHost(c.DaemonHost()), // before the transport, which has no address
		client.WithHTTPClient(&http.Client{Transport: answers(transport), CheckRedirect: client.CheckRedirect}),
		client.WithAPIVersionFromEnv(),
	)
}

// answers limits the answers of an engine.
func answers(base http.RoundTripper) http.RoundTripper {
	return untrusted.Answers{Base: messages{base}, Limit: func(req *http.Request) *untrusted.AnswerLimit {
		if kindOf(req) != document {
			return nil
		}
		return &untrusted.AnswerLimit{Bytes: maxAnswer, Values: maxValues}
	}}
}

// kind is a kind of answer.
type kind int

const (
	document kind = iota
	// stream is messages of JSON, each on a line, of which the last may come when a
	// container ends.
	stream
	// output is what a container prints, which may be anything.
	output
)

func kindOf(req *http.Request) kind {
	switch dir, last := path.Split(req.URL.Path); {
	case last == "logs":
		return output
	case last == "wait", last == "events", path.Base(dir) == "images" && (last == "create" || last == "load"):
		return stream
	}
	return document
}

// messages limits each message of a stream.
type messages struct{ base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (m messages) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := m.base.RoundTrip(req)
	if err == nil && kindOf(req) == stream {
		resp.Body = untrusted.Lines(resp.Body, maxMessage)
	}
	return resp, err
}
