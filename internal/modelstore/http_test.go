package modelstore

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/modelsource"
)

// A server that has the credential by https, and names an address of its own by http, would
// have everybody on the way read it.
func TestCredentialWithoutTLS(t *testing.T) {
	got := ""
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get(authorization) }))
	defer s.Close()
	for scheme, want := range map[string]string{"https": "", "http": "Bearer s3cr3t"} {
		server := &url.URL{Scheme: scheme, Host: strings.TrimPrefix(s.URL, "http://")}
		c, err := newClient(server, http.Header{authorization: {"Bearer s3cr3t"}}, nil, advice{})
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := c.get(t.Context(), "a file", s.URL+"/signed", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		body.Close()
		if got != want {
			t.Errorf("a server by %s: %q goes to %s, want %q", scheme, got, s.URL, want)
		}
	}
}

// An answer that begins and never ends, of an API or of an error, ends the request.
func TestSilentAnswers(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusForbidden} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("{"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}))
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		c, err := newClient(u, nil, nil, advice{})
		if err != nil {
			t.Fatal(err)
		}
		c.silence = 50 * time.Millisecond
		began := time.Now()
		var answer any
		err = c.json(t.Context(), "the list", func() (*http.Request, error) { return http.NewRequest(http.MethodGet, s.URL, nil) }, &answer)
		if err == nil || time.Since(began) > 10*time.Second {
			t.Errorf("status %d: %v after %s", status, err, time.Since(began))
		}
		s.Close()
	}
}

// A server that breaks off after each byte is given up as one that sends nothing.
func TestByteByByte(t *testing.T) {
	f := newFake(t)
	asked := 0
	f.ServeMux.HandleFunc(artifacts+"/1/m/w", func(w http.ResponseWriter, r *http.Request) {
		asked++
		from := 0
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-999/1000", from))
		w.Header().Set("Content-Length", fmt.Sprint(1000-from))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write([]byte("x"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	cache, closed, err := modelcache.Open(t.TempDir(), modelcache.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	defer closed()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err = Download(ctx, cache, f.store(t), "m", []File{{Path: "w", Size: 1000, SHA256: strings.Repeat("0", 64)}})
	if err == nil || asked > 4 {
		t.Errorf("asked %d times in 3 s, with no longer pauses: %v", asked, err)
	}
}

// Files that are copies of each other cost the cache one of them, and a builder all.
func TestCopies(t *testing.T) {
	for n, want := range map[int]bool{1: true, 100: true, 1000: false} {
		files := make([]modelsource.File, n)
		for i := range files {
			files[i] = modelsource.File{Path: fmt.Sprint(i), Size: 1 << 20, SHA256: strings.Repeat("0", 64)}
		}
		if err := checkCopies(files); (err == nil) != want {
			t.Errorf("%d copies: %v", n, err)
		}
	}
}

// Git is asked for a credential by lines, of which no part of an address makes another.
func TestCredentialQuestion(t *testing.T) {
	for address, good := range map[string]bool{"https://example.com/x%20y": true, "https://example.com/x%0Ahost=y": false, "https://example.com/x%00": false} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := credentialQuestion(u); (err == nil) != good || good && q != "protocol=https\nhost=example.com\npath=x y\n\n" {
			t.Errorf("%s: %q, %v", address, q, err)
		}
	}
}
