//go:build integration

package modelsource

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// faultSize is more than a step reads at a time, and than it counts as progress.
const faultSize = 300_000

// kind is how a step is told of a kind of store.
type kind struct {
	access func(url string) Access
	// secrets are those of the step; nil for none.
	secrets func(url string) map[string]string
	// api answers what is asked before a file's bytes, with their address.
	api func(w http.ResponseWriter, bytes string)
}

// kinds are all ways in which package modelstore and the Listed schemes tell a step where
// files are.
func kinds() map[string]kind {
	redirects := func(w http.ResponseWriter, bytes string) {
		w.Header().Set("Location", bytes)
		w.WriteHeader(http.StatusFound)
	}
	return map[string]kind{
		"an archive": {access: func(url string) Access { return Access{File: url + "/bytes"} }},
		"S3, Azure":  {access: func(url string) Access { return Access{URLs: map[string]string{"weights": url + "/bytes?signature=x"}} }},
		"Databricks": {access: func(url string) Access {
			return Access{URL: url + "/bytes", Headers: map[string]string{"Authorization": "Bearer x"}}
		}},
		"MLflow":                        {access: func(url string) Access { return Access{URL: url + "/bytes", Signed: url + "/none"} }},
		"MLflow, signed":                {access: func(url string) Access { return Access{URL: url + "/none", Signed: url + "/api"} }, api: func(w http.ResponseWriter, bytes string) { fmt.Fprintf(w, `{"url": %q}`, bytes) }},
		"a hub, and weights of a model": {access: func(url string) Access { return Access{URL: url + "/api"} }, api: redirects},
		"a bucket, under buildx": {
			access: func(string) Access {
				return Access{Bucket: &Bucket{Scheme: "s3", Name: "bytes"}, Secrets: bucketSecrets("s3")}
			},
			secrets: func(url string) map[string]string {
				return map[string]string{"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "signature"}
			},
		},
		"Git LFS": {access: func(url string) Access { return Access{LFS: url + "/api"} }, api: func(w http.ResponseWriter, bytes string) {
			fmt.Fprintf(w, `{"objects": [{"actions": {"download": {"href": %q}}}]}`, bytes)
		}},
	}
}

// fault is what a server does with the n-th request, from 1, for the bytes of a file.
type fault struct {
	answer func(n int, w http.ResponseWriter, r *http.Request, content []byte)
	// asks says that requests before it are answered thus, too.
	asks bool
	// want is what the step says is wrong, "" if it gets the file; tries how often the
	// file was asked for then. Ranges are those of its requests.
	want   string
	tries  int
	ranges []string
}

// serve answers as a store does that honours ranges.
func serve(w http.ResponseWriter, r *http.Request, content []byte) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// breakOff sends some bytes of more that it promises.
func breakOff(w http.ResponseWriter, content []byte, promised int) {
	w.Header().Set("Content-Length", fmt.Sprint(promised))
	_, _ = w.Write(content)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func busy(status int) func(int, http.ResponseWriter, *http.Request, []byte) {
	return func(n int, w http.ResponseWriter, r *http.Request, content []byte) {
		if n > 2 {
			serve(w, r, content)
			return
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
	}
}

func faults() map[string]fault {
	const half = faultSize / 2
	resumed := []string{"", fmt.Sprintf("bytes=%d-", half)}
	first := func(do func(w http.ResponseWriter, content []byte)) func(int, http.ResponseWriter, *http.Request, []byte) {
		return func(n int, w http.ResponseWriter, r *http.Request, content []byte) {
			if n == 1 {
				do(w, content)
				return
			}
			serve(w, r, content)
		}
	}
	return map[string]fault{
		"dies": {tries: 2, ranges: resumed, answer: first(func(w http.ResponseWriter, content []byte) { breakOff(w, content[:half], faultSize) })},
		"dies, and knows no ranges": {tries: 2, ranges: resumed, answer: func(n int, w http.ResponseWriter, _ *http.Request, content []byte) {
			if n == 1 {
				breakOff(w, content[:half], faultSize)
			}
			_, _ = w.Write(content)
		}},
		"a short body":         {tries: 2, ranges: resumed, answer: first(func(w http.ResponseWriter, content []byte) { _, _ = w.Write(content[:half]) })},
		"short bodies, always": {tries: 2, want: "the connection ended after 100 of 300000 bytes", answer: func(_ int, w http.ResponseWriter, _ *http.Request, content []byte) { _, _ = w.Write(content[:100]) }},
		"a byte at a time": {tries: 2, want: "the connection ended after", answer: func(n int, w http.ResponseWriter, r *http.Request, content []byte) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", n-1, faultSize-1, faultSize))
			w.Header().Set("Content-Length", fmt.Sprint(faultSize-n+1))
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(content[n-1 : n])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}},
		"wrong bytes": {tries: 2, want: "has other contents than the lock", answer: func(_ int, w http.ResponseWriter, _ *http.Request, content []byte) {
			_, _ = w.Write(bytes.ToUpper(content))
		}},
		"wrong bytes, then it dies": {tries: 3, ranges: append(slices.Clone(resumed), ""), answer: first(func(w http.ResponseWriter, content []byte) { breakOff(w, bytes.ToUpper(content[:half]), faultSize) })},
		"more bytes": {tries: 1, want: "larger than the 300000 bytes", answer: func(_ int, w http.ResponseWriter, _ *http.Request, content []byte) {
			_, _ = w.Write(append(slices.Clone(content), 'x'))
		}},
		"503 twice": {tries: 3, asks: true, answer: busy(http.StatusServiceUnavailable)},
		"500 twice": {tries: 3, asks: true, answer: busy(http.StatusInternalServerError)},
		"429 twice": {tries: 3, asks: true, answer: busy(http.StatusTooManyRequests)},
		"401":       {tries: 1, want: "401 Unauthorized: no credential was given", answer: func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(401) }},
		"403":       {tries: 1, want: "403 Forbidden: the credential does not allow it", answer: func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(403) }},
		"404":       {tries: 1, want: "404 Not Found: there is no such file any more", answer: func(_ int, w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(404) }},
		"slow": {tries: 1, answer: func(_ int, w http.ResponseWriter, _ *http.Request, content []byte) {
			for piece := range slices.Chunk(content, faultSize/10) {
				_, _ = w.Write(piece)
				w.(http.Flusher).Flush()
				time.Sleep(100 * time.Millisecond)
			}
		}},
		"silent": {tries: 2, ranges: resumed, answer: func(n int, w http.ResponseWriter, r *http.Request, content []byte) {
			if n > 1 {
				serve(w, r, content)
				return
			}
			w.Header().Set("Content-Length", fmt.Sprint(faultSize))
			_, _ = w.Write(content[:half])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		"hardly anything, for ever": {tries: 2, want: "sends less than 16384 bytes in 1 seconds", answer: func(_ int, w http.ResponseWriter, r *http.Request, content []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(faultSize))
			for n := 0; r.Context().Err() == nil && n < faultSize; n++ {
				_, _ = w.Write(content[n : n+1])
				w.(http.Flusher).Flush()
				time.Sleep(100 * time.Millisecond)
			}
		}},
	}
}

// TestFetchFaults has each kind of store fail in each way: the file is resumed, asked for
// again or refused, and the step has the right bytes or an error.
func TestFetchFaults(t *testing.T) {
	content := bytes.Repeat([]byte("weights "), faultSize/8+1)[:faultSize]
	for store, k := range kinds() {
		for name, f := range faults() {
			t.Run(store+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := &faulty{kind: k, fault: f, content: content}
				server := httptest.NewServer(s)
				defer server.Close()
				s.url = server.URL
				tries := map[bool]int{true: 2, false: 6}[f.want != ""]
				text := strings.NewReplacer("ATTEMPTS = 6", fmt.Sprint("ATTEMPTS = ", tries), "SILENCE = 120", "SILENCE = 1").Replace(string(fetchSource))
				step := newScript(t, []byte(text))
				if k.secrets != nil {
					step.give(t, k.secrets(server.URL))
				}
				wrong, printed := step.run(t, []File{fileOf("weights", string(content))}, marshalled(t, k.access(server.URL)))
				if (wrong == "") != (f.want == "") || !strings.Contains(wrong, f.want) {
					t.Errorf("it says %q, want %q; it printed %s", wrong, f.want, printed)
				}
				if f.want == "" && step.left(t)["weights"] != "-rw-r--r-- "+string(content) {
					t.Error("it has other bytes")
				}
				if strings.Contains(wrong+printed, "signature") {
					t.Errorf("it prints an address: %s", printed)
				}
				s.check(t)
			})
		}
	}
}

// faulty is a store that fails.
type faulty struct {
	kind
	fault
	url     string
	content []byte

	mu     sync.Mutex
	asked  int
	before int
	got    []string
}

func (s *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	api := s.api != nil && strings.HasPrefix(r.URL.Path, "/api")
	n := 0
	switch {
	case api:
		s.before++
		n = s.before
	case strings.HasPrefix(r.URL.Path, "/bytes"):
		s.asked++
		n = s.asked
		s.got = append(s.got, r.Header.Get("Range"))
	}
	s.mu.Unlock()
	switch {
	case n == 0:
		http.NotFound(w, r)
	case api && s.asks && n <= 2:
		s.answer(n, w, r, nil)
	case api:
		s.api(w, s.url+"/bytes?signature=x")
	default:
		s.answer(n, w, r, s.content)
	}
}

// check checks how often and for what it was asked.
func (s *faulty) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked != s.tries || s.ranges != nil && !slices.Equal(s.got, s.ranges) {
		t.Errorf("it was asked %d times, for %q; want %d, for %q", s.asked, s.got, s.tries, s.ranges)
	}
}
