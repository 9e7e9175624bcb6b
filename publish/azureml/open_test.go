package azureml

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/proxy"
)

// answers is a server that answers with its image.
type answers string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if string(body) == "bad" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"message": "the body is bad"}`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"predictions": %q}`, clouds.Version(string(a)))
}

func (answers) Stop() []string { return nil }

// The proxy of open authorises requests in each way, and brings back what the server itself
// says.
func TestOpen(t *testing.T) {
	for _, mode := range []string{"key", "aml-token", "aad-token"} {
		t.Run(mode, func(t *testing.T) { opened(t, mode) })
	}
}

func opened(t *testing.T, mode string) {
	v := begin(t, func(s *spec.Spec) { canary(s); s.AuthMode = mode })
	v.cloud.Start = func(c azurecloud.Container) (azurecloud.Server, error) { return answers(c.Image), nil }
	var nothing *publish.NothingError
	if _, err := v.open().Open(t.Context()); !errors.As(err, &nothing) {
		t.Errorf("%v", err)
	}
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	post := func(body, deployment string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+"/invocations", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "secret")
		r.Header.Set(headerDeployment, deployment)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(answer)
	}
	counted := map[string]int{}
	for range 100 {
		_, answer := post("{}", "")
		counted[answer]++
	}
	if counted[`{"predictions": "1"}`] != 90 || counted[`{"predictions": "2"}`] != 10 {
		t.Errorf("the answers are %v", counted)
	}
	status, err := v.open().Status(t.Context())
	if err != nil || len(status.Instances) != 2 {
		t.Fatalf("%+v, %v", status, err)
	}
	if code, answer := post("{}", status.Instances[1].Name); code != 200 || !strings.Contains(answer, `"2"`) {
		t.Errorf("the canary: %d %s", code, answer)
	}
	if code, answer := post("bad", ""); code != 400 || !strings.Contains(answer, "the body is bad") {
		t.Errorf("bad: %d %s", code, answer)
	}
	v.cloud.NewKeys()
	if code, answer := post("{}", ""); code != 200 {
		t.Errorf("after new keys: %d %s", code, answer)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// A model's server leads the proxy of open nowhere else, and breaks it by no status.
func TestOpenOfHostileServer(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy followed a redirect") }))
	defer elsewhere.Close()
	status := "307 Temporary Redirect"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "HTTP/1.1 %s\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status, elsewhere.URL)
	}))
	defer server.Close()
	signing := &signer{connection: begin(t, nil).open().connection, uri: server.URL, key: "key"}
	e, err := proxy.Serve(t.Context(), signing.invocations, signing.ping)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, one := range []string{status, "302 Found", "000 Nothing", "999 Much"} {
		status = one
		res, err := invoke.Loopback().Post(e.URL+"/invocations", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Errorf("%s: %v", status, err)
			continue
		}
		res.Body.Close()
		if want := proxy.Status(int(status[0]-'0') * 100); res.StatusCode/100 != want/100 || res.Header.Get("Location") != "" {
			t.Errorf("%s: %s, %v", status, res.Status, res.Header)
		}
	}
}

// A key is sent to no address that anybody can read.
func TestOpenWithoutTLS(t *testing.T) {
	v := begin(t, nil)
	v.cloud.Start = func(c azurecloud.Container) (azurecloud.Server, error) { return answers(c.Image), nil }
	v.cloud.ScoringURI = "http://127.0.0.1:1/score"
	v.Must("1")
	if _, err := v.open().Open(t.Context()); err == nil || !strings.Contains(err.Error(), "not an https address") {
		t.Error(err)
	}
}

// Logs has the lines of all deployments, and goes on without repeating any.
func TestLogs(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	var out bytes.Buffer
	if err := v.open().Logs(t.Context(), &out, publish.LogOptions{}); err != nil || out.Len() > 0 {
		t.Errorf("%q, %v", out.String(), err)
	}
	for n := range 5 {
		v.cloud.Log("iris", fmt.Sprint("line ", n))
	}
	if err := v.open().Logs(t.Context(), &out, publish.LogOptions{Tail: 2}); err != nil || strings.Count(out.String(), "\n") != 2 || !strings.HasSuffix(out.String(), "] line 4\n") {
		t.Errorf("%q, %v", out.String(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- v.open().Logs(ctx, w, publish.LogOptions{Follow: true, Tail: 1})
		w.Close()
	}()
	line := make([]byte, 100)
	for _, want := range []string{"line 4", "later", "line 4"} {
		n, err := r.Read(line)
		if err != nil || !strings.HasSuffix(string(line[:n]), "] "+want+"\n") {
			t.Errorf("%q, %v", line[:n], err)
		}
		v.cloud.Log("iris", map[string]string{"line 4": "later", "later": "line 4"}[want])
	}
	cancel()
	go io.Copy(io.Discard, r)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOverlap(t *testing.T) {
	for _, x := range []struct {
		seen, lines string
		want        int
	}{
		{"", "abc", 0}, {"abc", "abc", 3}, {"abc", "abcd", 3}, {"c", "abcd", 3}, {"abc", "bcd", 2}, {"abc", "xy", 0}, {"aa", "aaa", 3}, {"abc", "", 0},
	} {
		if got := overlap(strings.Split(x.seen, ""), strings.Split(x.lines, "")); got != x.want {
			t.Errorf("%q, %q: %d, want %d", x.seen, x.lines, got, x.want)
		}
	}
}
