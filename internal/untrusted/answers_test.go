package untrusted

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// patience is how many bytes an endless answer has at least, when somebody goes on
// reading it.
const patience = 256 << 20

// endless writes until nobody reads any more, and reports who reads for too long.
func endless(t *testing.T, w io.Writer, text string) {
	block := []byte(strings.Repeat(text, 1<<10))
	for sent := 0; ; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
		if sent > patience {
			t.Errorf("%d bytes of an answer were read, and more would be", sent)
			return
		}
	}
}

// hostileRegistry returns a hostile registry, which answers each path in a way of its own.
func hostileRegistry(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	for _, path := range []string{"/v2/", "/v2/x/tags/list", "/v2/x/manifests/latest", "/v2/x/referrers/sha256:ab", "/v2/x/blobs/uploads/", "/elsewhere"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodHead { // whose body the server itself throws away
				endless(t, w, "xxxxxxxx")
			}
		})
	}
	mux.HandleFunc("/v2/failing/manifests/latest", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		endless(t, w, "xxxxxxxx")
	})
	mux.HandleFunc("/v2/bomb/tags/list", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		endless(t, packed, "\x00\x00\x00\x00\x00\x00\x00\x00")
	})
	mux.HandleFunc("/v2/values/manifests/latest", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"layers":[{}`+strings.Repeat(",{}", 100_000)+`]}`)
	})
	mux.HandleFunc("/v2/large/blobs/sha256:ab", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 32<<20))
	})
	mux.HandleFunc("/v2/whole/manifests/latest", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(" ", 4<<20))
	})
	mux.Handle("/v2/moved/manifests/latest", http.RedirectHandler("/v2/large/blobs/sha256:ab", http.StatusTemporaryRedirect))
	mux.Handle("/v2/moved/blobs/sha256:ab", http.RedirectHandler("/storage/ab", http.StatusTemporaryRedirect))
	mux.HandleFunc("/storage/ab", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 32<<20)) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// What a registry answers is read within limits, except blobs.
func TestRegistryAnswers(t *testing.T) {
	server := hostileRegistry(t)
	client := &http.Client{Transport: Registry(http.DefaultTransport)}
	for request, limit := range map[string]string{
		"GET /v2/":                         "16 MiB",
		"GET /v2/x/tags/list":              "16 MiB",
		"GET /v2/x/tags/list?n=1000":       "16 MiB",
		"GET /v2/x/manifests/latest":       "4 MiB",
		"GET /v2/x/referrers/sha256:ab":    "4 MiB",
		"POST /v2/x/blobs/uploads/":        "16 MiB",
		"GET /elsewhere":                   "16 MiB",
		"GET /v2/failing/manifests/latest": "4 MiB",
		"GET /v2/bomb/tags/list":           "16 MiB",
		"GET /v2/values/manifests/latest":  "100000 values",
		// A redirect makes no blob of a manifest.
		"GET /v2/moved/manifests/latest": "4 MiB",
		"HEAD /v2/x/manifests/latest":    "",
		"GET /v2/whole/manifests/latest": "",
		"GET /v2/large/blobs/sha256:ab":  "",
		"GET /v2/moved/blobs/sha256:ab":  "",
	} {
		t.Run(request, func(t *testing.T) {
			method, path, _ := strings.Cut(request, " ")
			req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			var large *AnswerError
			if limit != "" {
				if !errors.As(err, &large) || large.Limit != limit {
					t.Errorf("error %v, want an AnswerError of %s", err, limit)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Error(err)
			}
		})
	}
}
