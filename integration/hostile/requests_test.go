//go:build integration

package hostile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
)

// TestHostileRequests posts to MLflow's server what no caller means well with.
// After each, it answers as before.
func TestHostileRequests(t *testing.T) {
	p := shared.Example(t, "iris")
	p.Lock(t)
	good := p.Read(t, "model/serving_input_example.json")
	p.Serve(t, func(s *buildtest.Server) {
		want := s.Post(t, "/invocations", []byte(good))
		for _, c := range hostileRequests(t, good) {
			status, err := c.send(s.URL)
			// A server may also cut the connection off.
			if err == nil && (status < 400 || status > 504) {
				t.Errorf("%s: the server answers %d", c.name, status)
			}
			if got := s.Post(t, "/invocations", []byte(good)); got != want {
				t.Errorf("after %s the server answers %s", c.name, got)
			}
		}
		host := strings.TrimPrefix(s.URL, "http://")
		for _, head := range []string{
			"Content-Length: 99999999999999\r\n\r\n",
			"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n",
			"",
		} {
			// Bodies and headers that never end, many at a time.
			for range 200 {
				c, err := net.Dial("tcp", host)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				if _, err := io.WriteString(c, "POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"+head); err != nil {
					t.Error(err)
				}
			}
			if got := s.Post(t, "/invocations", []byte(good)); got != want {
				t.Errorf("beside 200 requests that do not end (%q) the server answers %s", head, got)
			}
			s.Get(t, "/ping")
		}
	})
}

type hostileRequest struct {
	name, contentType string
	header            http.Header
	body              []byte
}

func hostileRequests(t *testing.T, good string) []hostileRequest {
	t.Helper()
	const asJSON = "application/json"
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 256<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	many := http.Header{}
	for n := range 5000 {
		many.Set(fmt.Sprintf("X-%d", n), strings.Repeat("y", 1000))
	}
	encoded := func(name string) http.Header { return http.Header{"Content-Encoding": {name}} }
	return []hostileRequest{
		{"a gzip bomb", asJSON, encoded("gzip"), bomb.Bytes()},
		{"a body that calls itself deflated", asJSON, encoded("deflate"), []byte("\x78\x9cx")},
		{"a body that calls itself br", asJSON, encoded("br, gzip, br"), []byte("x")},
		{"a million brackets", asJSON, nil, []byte(strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000))},
		{"objects in objects", asJSON, nil, []byte(`{"dataframe_split":` + strings.Repeat(`{"a":`, 200_000) + "1" + strings.Repeat("}", 200_001))},
		{"not a number", asJSON, nil, []byte(`{"inputs": [[NaN, 1, 2, 3]]}`)},
		{"infinity", asJSON, nil, []byte(`{"inputs": [[-Infinity, 1e999, 2, 3]]}`)},
		{"a key twice", asJSON, nil, []byte(`{"inputs": [[1, 2, 3, 4]], "inputs": 3}`)},
		{"a number of many digits", asJSON, nil, []byte(`{"inputs": [[` + strings.Repeat("9", 1_000_000) + `, 1, 2, 3]]}`)},
		{"many columns", "text/csv", nil, []byte(strings.Repeat("1,", 50_000) + "1\n")},
		{"a quote that is not closed", "text/csv", nil, []byte(`"` + strings.Repeat("a\n", 1_000_000))},
		{"a charset that is none", asJSON + "; charset=utf-42", nil, []byte(good)},
		{"another charset", asJSON + "; charset=utf-16", nil, []byte(good)},
		{"no text", asJSON, nil, bytes.Repeat([]byte{0xff, 0xfe, 0}, 1000)},
		{"parameters of the content type", asJSON + strings.Repeat("; a=b", 10_000), nil, []byte(good)},
		{"a flood of headers", asJSON, many, []byte(good)},
	}
}

// send returns the status; no answer within a while is an error of its own, which
// the caller sees when it asks again.
func (r hostileRequest) send(url string) (int, error) {
	q, err := http.NewRequest(http.MethodPost, url+"/invocations", bytes.NewReader(r.body))
	if err != nil {
		return 0, err
	}
	if r.header != nil {
		q.Header = r.header
	}
	q.Header.Set("Content-Type", r.contentType)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 90 * time.Second}
	a, err := client.Do(q)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	_, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, err
}
