package registryclient

import (
	"net/http"
	"strings"
	"sync"

	"github.com/deployfile/deployfile/internal/guarded"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// asked is a transport that knows the registries that it was asked for. What these name in
// turn, the address of a token or of a blob, may be anywhere, but of this machine only if
// such a registry is here, too: what a service here answers for a token would go to the
// registry.
type asked struct {
	http.RoundTripper

	mu    sync.Mutex
	hosts map[string]bool
	here  bool
}

// anywhere returns a transport for registries.
func anywhere() http.RoundTripper {
	t, ok := remote.DefaultTransport.(*http.Transport)
	if !ok {
		return remote.DefaultTransport
	}
	t = t.Clone()
	a := &asked{RoundTripper: t, hosts: map[string]bool{}}
	t.DialContext = guarded.Dialer(a.mayBeHere)
	return a
}

// RoundTrip implements http.RoundTripper. A registry is first asked whether it is one; a
// request for a token has a query, and one that another answer led to has that answer.
func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && r.URL.Path == "/v2/" && r.URL.RawQuery == "" && r.Response == nil {
		a.mu.Lock()
		host := strings.ToLower(r.URL.Hostname())
		a.hosts[host] = true
		a.here = a.here || onLoopback(host) || host == "localhost"
		a.mu.Unlock()
	}
	return a.RoundTripper.RoundTrip(r)
}

// mayBeHere reports whether a host may be this machine.
func (a *asked) mayBeHere(host string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.here || a.hosts[strings.ToLower(host)]
}
