package serving

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestServes(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		// want is the end of the error, "" for none.
		want string
	}{
		"healthy": {func(http.ResponseWriter, *http.Request) {}, ""},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.invalid/", http.StatusFound)
		}, ""},
		"no such path": {http.NotFound, ""},
		"no GET":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }, ""},
		"unhealthy":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, "GET /ping is answered by 503 Service Unavailable"},
		"closed": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				c.Close()
			}
		}, "is not answered: EOF"},
		"another protocol": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(c, "SSH-2.0-example\r\n")
				c.Close()
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path
				c.answer(w, r)
			}))
			defer s.Close()
			err := NewProbe(nil).Serves(t.Context(), s.URL)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if asked != "/ping" {
				t.Errorf("asked for %q", asked)
			}
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	nobody := l.Addr().String()
	if err := CheckPort(t.Context(), l.Addr().(*net.TCPAddr).Port); err == nil {
		t.Error("a port that is taken is free")
	}
	l.Close()
	if err := CheckPort(t.Context(), l.Addr().(*net.TCPAddr).Port); err != nil {
		t.Error(err)
	}
	if err := NewProbe(nil).Serves(t.Context(), "http://"+nobody); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
}

func TestWait(t *testing.T) {
	ready := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	p := NewProbe(nil)
	alive := func(context.Context) error { return nil }
	if err := p.Wait(t.Context(), s.URL, 150*time.Millisecond, alive); err == nil || err.Error() != "it did not serve within 150ms: GET /ping is answered by 503 Service Unavailable" {
		t.Errorf("%v", err)
	}
	gone := errors.New("gone")
	if err := p.Wait(t.Context(), s.URL, time.Minute, func(context.Context) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	asked := 0
	err := p.Wait(t.Context(), s.URL, time.Minute, func(context.Context) error {
		asked++
		ready = asked == 2
		return nil
	})
	if err != nil || asked != 3 {
		t.Errorf("%v after %d questions", err, asked)
	}
	// Another program answers.
	if err := p.Wait(t.Context(), s.URL, time.Minute, func(context.Context) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Wait(ctx, s.URL, time.Minute, alive); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := GivenUp(ctx, "iris", 3); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "iris: revision 3 was given up") {
		t.Errorf("%v", err)
	}
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if err := GivenUp(late, "iris", 3); err != nil {
		t.Errorf("no time left: %v", err)
	}
}
