package containers

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
