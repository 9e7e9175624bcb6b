package modelstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// client sends requests with the headers of one host.
type client struct {
	http *http.Client
	// scheme and host are those of the only server that headers go to.
	scheme, host string
	headers      http.Header
	// authorities are trusted besides the system's, in PEM.
	authorities []byte
	advice      advice
	// tries is how often a request is sent, silence how long an answer may be silent.
	tries   int
	silence time.Duration
}

// advice says what a user can do about an error.
type advice struct {
	// credential is how one is given; authority names the variables that name the
	// authority of a certificate.
	credential, authority string
	// withheld is what to set if a credential that the user has does not go to this
	// server.
	withheld string
}

// How often a request is tried that may succeed the next time.
const (
	attempts    = 6
	firstWait   = 500 * time.Millisecond
	longestWait = 20 * time.Second
	// silence is how long a store may take to begin an answer, and between two parts.
	silence = 2 * time.Minute
)

// stepHeaders returns the headers as a step of a builder gets them.
func (c *client) stepHeaders() map[string]string {
	out := map[string]string{}
	for name := range c.headers {
		out[name] = c.headers.Get(name)
	}
	return out
}

// own reports whether an address is of the server that headers go to. The same host by
// http is not: others can read what goes there.
func (c *client) own(u *url.URL) bool {
	return u.Host == c.host && (u.Scheme == c.scheme || u.Scheme == "https")
}

// newClient returns a client of the server at an address, which trusts authorities in PEM
// besides the system's.
func newClient(server *url.URL, headers http.Header, authorities []byte, a advice) (*client, error) {
	t := plainTransport()
	t.DialContext = guardedDialer(server.Host)
	if len(authorities) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(authorities) {
			return nil, errors.New(certificateVariable + " names a file without a certificate in PEM")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	c := &client{scheme: server.Scheme, host: server.Host, silence: silence, headers: headers, authorities: authorities, advice: a, tries: attempts}
	c.http = &http.Client{Transport: t, CheckRedirect: c.redirect}
	return c, nil
}

// plainTransport returns a transport that waits for an answer as long as a store may take,
// and leaves it as it comes.
func plainTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = silence
	t.DisableCompression = true
	return t
}

// noRedirect follows no redirect: the libraries of a vendor would give a credential to any
// host.
func noRedirect(*http.Request, []*http.Request) error {
	return fmt.Errorf("it redirects: %w", errNotFollowed)
}

// once returns a client that sends each request once.
func (c *client) once() *client {
	impatient := *c
	impatient.tries = 1
	return &impatient
}

// redirect follows a redirect without headers to another host, and none from https to
// http, where others can read and change the answer.
func (c *client) redirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("it redirects without end")
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" || via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("it redirects to %s: %w", req.URL.Scheme, errNotFollowed)
	}
	if !c.own(req.URL) {
		for name := range c.headers {
			req.Header.Del(name)
		}
	}
	return nil
}

// send sends a request, again after a while if the answer is one of a moment.
func (c *client) send(ctx context.Context, what string, make func() (*http.Request, error)) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		req, err := make()
		if err != nil {
			return nil, err
		}
		req.Header.Set("User-Agent", "deployfile")
		if c.own(req.URL) {
			for name, values := range c.headers {
				if req.Header[name] == nil {
					req.Header[name] = values
				}
			}
		}
		resp, err := c.http.Do(req.WithContext(ctx))
		if err == nil {
			resp.Body = untrusted.Patient(resp.Body, c.silence)
		}
		if err == nil && resp.StatusCode < 300 {
			return resp, nil
		}
		var wait time.Duration
		var failed error
		retry := true
		if err != nil {
			failed = c.withoutAddress(req.URL, what, err)
			retry = ctx.Err() == nil && !permanent(err)
		} else {
			reason, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
			resp.Body.Close()
			wait = retryAfter(resp.Header)
			failed = &statusError{Host: req.URL.Host, What: what, Status: resp.StatusCode, Reason: quotedReason(explanation(reason)), Advice: c.advice.denied(resp.StatusCode)}
			retry = again(resp.StatusCode)
		}
		if !retry || attempt == c.tries {
			return nil, failed
		}
		if err := pause(ctx, attempt, wait); err != nil {
			return nil, err
		}
	}
}

// permanent reports whether another try will fail in the same way.
func permanent(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &dns) && dns.IsNotFound ||
		errors.Is(err, errNotFollowed) || refusedConnection(err)
}

// refusedConnection reports whether nothing listens there: a server that is not, or one
// that starts again.
func refusedConnection(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// withoutAddress is an error of net/http without the address that was asked for, which
// may be signed.
func (c *client) withoutAddress(u *url.URL, what string, err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%s: %s: %w; name its authority by %s", u.Host, what, err, c.advice.authority)
	}
	return fmt.Errorf("%s: %s: %w", u.Host, what, err)
}

func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// pause waits before another try, longer each time.
func pause(ctx context.Context, attempt int, asked time.Duration) error {
	wait := firstWait << (attempt - 1)
	if asked > 0 {
		wait = asked
	}
	wait = min(wait, longestWait)
	wait = wait*8/10 + rand.N(wait*4/10+1)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}

// The largest answer of an API that is read, in bytes, and its values.
const (
	maxAnswer = 16 << 20
	maxValues = 1_000_000
)

// json asks an API, and decodes the answer.
func (c *client) json(ctx context.Context, what string, make func() (*http.Request, error), into any) error {
	_, err := c.page(ctx, what, make, into)
	return err
}

// page does, and returns the answer's headers, which may name the next page.
func (c *client) page(ctx context.Context, what string, make func() (*http.Request, error), into any) (http.Header, error) {
	resp, err := c.send(ctx, what, make)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := untrusted.ReadAll(resp.Body, what, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.host, err)
	}
	return resp.Header, untrusted.DecodeJSON(data, fmt.Sprintf("%s: %s", c.host, what), maxAnswer, maxValues, into)
}

// get returns an address's bytes from an offset on, or from the beginning.
func (c *client) get(ctx context.Context, what, address string, headers map[string]string, offset int64) (io.ReadCloser, int64, error) {
	resp, err := c.send(ctx, what, func() (*http.Request, error) {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return nil, errors.New("it is not a valid address")
		}
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		if offset > 0 {
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		}
		return req, nil
	})
	if err != nil {
		return nil, 0, err
	}
	from := int64(0)
	if resp.StatusCode == http.StatusPartialContent && strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset)) {
		from = offset
	}
	return resp.Body, from, nil
}
