package proxy

import (
	"net/http"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	e, err := Serve(t.Context(), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("answer")) },
		func(http.ResponseWriter, *http.Request) {})
	if err != nil {
		t.Fatal(err)
	}
	port := e.URL[strings.LastIndex(e.URL, ":"):]
	for _, x := range []struct {
		method, path, host, header, value string
		want                              int
	}{
		{"POST", "/invocations", "", "", "", http.StatusOK},
		{"GET", "/ping", "", "", "", http.StatusOK},
		{"POST", "/invocations", "localhost" + port, "", "", http.StatusOK},
		{"POST", "/invocations", "", "Origin", e.URL, http.StatusOK},
		{"POST", "/invocations", "", "Origin", "https://evil.example", http.StatusForbidden},
		{"POST", "/invocations", "", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"POST", "/invocations", "evil.example" + port, "", "", http.StatusForbidden},
		{"GET", "/ping", "evil.example", "", "", http.StatusForbidden},
		{"GET", "/invocations", "", "", "", http.StatusMethodNotAllowed},
		{"POST", "/other", "", "", "", http.StatusNotFound},
	} {
		r, err := http.NewRequestWithContext(t.Context(), x.method, e.URL+x.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if x.header != "" {
			r.Header.Set(x.header, x.value)
		}
		r.Host = x.host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != x.want {
			t.Errorf("%s %s at %q with %s %s: %d, want %d", x.method, x.path, x.host, x.header, x.value, answer.StatusCode, x.want)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(e.URL + "/ping"); err == nil {
		t.Error("it answers after it was closed")
	}
}

func TestStatus(t *testing.T) {
	for given, want := range map[int]int{0: 502, 100: 502, 200: 200, 307: 307, 404: 404, 599: 599, 999: 502, 10000: 502} {
		if got := Status(given); got != want {
			t.Errorf("%d: %d, want %d", given, got, want)
		}
	}
}
