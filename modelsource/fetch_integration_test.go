//go:build integration

package modelsource

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// give puts the secrets of a step where its script finds them.
func (s *script) give(t *testing.T, secrets map[string]string) {
	t.Helper()
	dir := filepath.Join(s.secrets, "access")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range secrets {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFetchCredentials sends a credential to the server that its secrets name, and to none
// that only a lock does. No secret is printed, whatever is wrong with it.
func TestFetchCredentials(t *testing.T) {
	var got http.Header
	var redirects bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = io.WriteString(w, "model")
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got = r.Header; redirects {
			http.Redirect(w, r, other.URL, http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "model")
	}))
	defer server.Close()
	const s3cr3t = "s3cr3t"
	for name, tt := range map[string]struct {
		ids       []string
		secrets   map[string]string
		redirects bool
		goes      bool
		want      string
	}{
		"MLflow's server":           {ids: []string{MLflowServer, MLflowToken}, secrets: map[string]string{MLflowServer: server.URL + "/", MLflowToken: s3cr3t}, goes: true},
		"MLflow's server redirects": {ids: []string{MLflowServer, MLflowToken}, secrets: map[string]string{MLflowServer: server.URL, MLflowToken: s3cr3t}, redirects: true},
		"another MLflow server":     {ids: []string{MLflowServer, MLflowToken}, secrets: map[string]string{MLflowServer: "https://mlflow.example.com", MLflowToken: s3cr3t}},
		"no server":                 {ids: []string{MLflowServer, MLflowToken}, secrets: map[string]string{MLflowToken: s3cr3t}, want: "that the secret MLFLOW_TRACKING_URI names"},
		"the hub":                   {ids: []string{HubServer, HubToken}, secrets: map[string]string{HubServer: server.URL, HubToken: s3cr3t}, goes: true},
		"another hub":               {ids: []string{HubServer, HubToken}, secrets: map[string]string{HubToken: s3cr3t}},
		"a line too many":           {ids: []string{HubServer, HubToken}, secrets: map[string]string{HubServer: server.URL, HubToken: s3cr3t + "\nX: y"}, want: "line break"},
		"another alphabet":          {ids: []string{MLflowServer, MLflowToken}, secrets: map[string]string{MLflowServer: server.URL, MLflowToken: s3cr3t + "é"}, want: "no header has"},
		"netrc of another host":     {ids: []string{NetrcSecret}, secrets: map[string]string{NetrcSecret: "machine example.com login me password s3cr3t\ndefault login me password s3cr3t\n"}},
		"netrc":                     {ids: []string{NetrcSecret}, secrets: map[string]string{NetrcSecret: "machine 127.0.0.1 login me password s3cr3t\n"}, goes: true},
		"no netrc":                  {ids: []string{NetrcSecret}, secrets: map[string]string{NetrcSecret: "s3cr3t s3cr3t"}, want: "not a netrc file"},
	} {
		t.Run(name, func(t *testing.T) {
			got, redirects = nil, tt.redirects
			s := newScript(t, fetchSource)
			s.give(t, tt.secrets)
			wrong, printed := s.run(t, []File{fileOf("MLmodel", "model")}, marshalled(t, Access{File: server.URL + "/x", Secrets: tt.ids}))
			if (wrong == "") != (tt.want == "") || !strings.Contains(wrong, tt.want) {
				t.Errorf("%q, want %q", wrong, tt.want)
			}
			if strings.Contains(printed, s3cr3t) {
				t.Errorf("it printed %q", printed)
			}
			if sent := got.Get("Authorization") != ""; sent != tt.goes {
				t.Errorf("it sent %q", got.Get("Authorization"))
			}
		})
	}
}

// TestFetchHostile says plainly what is wrong with a server's answer, and takes no more than
// the lock says.
func TestFetchHostile(t *testing.T) {
	answers := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, text)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{to}
			w.WriteHeader(http.StatusFound)
		}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		access func(url string) Access
		want   string
	}{
		"a file of the step": {answer: redirect("file:///etc/passwd"), want: "302 Found"},
		"another protocol":   {answer: redirect("ftp://127.0.0.1/x"), want: "redirects from http to ftp"},
		"no address":         {answer: redirect("http://[x/"), want: "is not valid"},
		"no HTTP": {answer: func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(c, "\x1b]0;x\r\n\r\n")
				_ = c.Close()
			}
		}, want: "]0;x"},
		"without end":    {answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, zeros(1<<30)) }, want: "larger than the 5 bytes"},
		"other contents": {answer: answers("Model"), want: "other contents than the lock"},
		"compressed": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("\x1f\x8b\x08"))
		}, want: "the connection ended after 3 of 5 bytes"},
		"LFS of nothing":          {access: lfsAt, answer: answers(`{}`), want: "does not answer as a server of Git LFS"},
		"LFS of a list":           {access: lfsAt, answer: answers(`{"objects":[[]]}`), want: "does not answer as a server of Git LFS"},
		"LFS without end":         {access: lfsAt, answer: answers(strings.Repeat("[", 1<<20)), want: "does not answer as a server of Git LFS"},
		"LFS of a file":           {access: lfsAt, answer: answers(`{"objects":[{"actions":{"download":{"href":"file:///etc/passwd"}}}]}`), want: "not http or https"},
		"LFS of no address":       {access: lfsAt, answer: answers(`{"objects":[{"actions":{"download":{"href":"http://[x"}}}]}`), want: "not valid"},
		"LFS of lines":            {access: lfsAt, answer: answers(`{"objects":[{"actions":{"download":{"href":"http://127.0.0.1:1/\r\nX: y"}}}]}`), want: "not valid"},
		"LFS with lines":          {access: lfsAt, answer: answers(`{"objects":[{"actions":{"download":{"href":"http://127.0.0.1:1/","header":{"a":"b\r\nc"}}}}]}`), want: "not valid"},
		"LFS says":                {access: lfsAt, answer: answers("{\"objects\":[{\"error\":{\"code\":404,\"message\":\"\\u001b]0;x\"}}]}"), want: "Git LFS says 404"},
		"signed by no server":     {access: signedAt, answer: answers(`[1]`), want: "ended after 3 of 5 bytes"},
		"signed for a file":       {access: signedAt, answer: answers(`{"url":"file:///etc/passwd"}`), want: "not http or https"},
		"signed with odd headers": {access: signedAt, answer: answers(`{"url":"http://127.0.0.1:1/","headers":[1]}`), want: "not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			access := Access{File: server.URL + "/x"}
			if tt.access != nil {
				access = tt.access(server.URL)
			}
			s := newScript(t, []byte(strings.Replace(string(fetchSource), "ATTEMPTS = 6", "ATTEMPTS = 2", 1)))
			wrong, printed := s.run(t, []File{fileOf("MLmodel", "model")}, marshalled(t, access))
			if !strings.Contains(wrong, tt.want) || strings.Contains(printed, "\x1b") {
				t.Errorf("%q, want %q; it printed %q", wrong, tt.want, printed)
			}
			for name, text := range s.left(t) {
				if name != "MLmodel" || len(text) > 100 {
					t.Errorf("it wrote %s, %d bytes", name, len(text))
				}
			}
		})
	}
}

func lfsAt(url string) Access { return Access{LFS: url} }

func signedAt(url string) Access { return Access{URL: url, Signed: url} }

// TestFetchWaits understands how long a server asks to wait, and nothing else.
func TestFetchWaits(t *testing.T) {
	for _, after := range []string{"0", "\xb2", "soon", strings.Repeat("9", 5000)} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 1 {
				w.Header().Set("Retry-After", after)
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			_, _ = io.WriteString(w, "model")
		}))
		s := newScript(t, fetchSource)
		if wrong, _ := s.run(t, []File{fileOf("MLmodel", "model")}, marshalled(t, Access{File: server.URL})); wrong != "" || asked != 2 {
			t.Errorf("%.10q: asked %d times: %s", after, asked, wrong)
		}
		server.Close()
	}
}

// TestFetchURLs sends headers to addresses of files at the host of the model's own, and to
// no others.
func TestFetchURLs(t *testing.T) {
	var got []string
	serve := func() *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.Header.Get("Authorization"))
			_, _ = io.WriteString(w, "model")
		}))
	}
	own, other := serve(), serve()
	defer own.Close()
	defer other.Close()
	for want, at := range map[string]string{"Bearer t": own.URL, "": other.URL} {
		got = nil
		access := Access{URL: own.URL + "/a", Headers: map[string]string{"Authorization": "Bearer t"}, URLs: map[string]string{"MLmodel": at + "/b?alt=media"}}
		wrong, _ := newScript(t, fetchSource).run(t, []File{fileOf("MLmodel", "model")}, marshalled(t, access))
		if wrong != "" || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v; it sent %q, want %q", at, wrong, got, want)
		}
	}
}
