package build

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// The log of a failure is shown once: by the display, or at its end, or by the error.
func TestExplain(t *testing.T) {
	step := &resolver.StepError{Step: "verify", Kind: "verify", Message: "the model cannot be loaded: BadZipFile", Log: strings.Repeat("frame\n", 20) + "BadZipFile"}
	for _, test := range []struct {
		name, mode string
		terminal   bool
		err        error
		want       string // after the display
		streamed   int
	}{
		{"plain", "plain", false, step, "", 1},
		{"terminal", "tty", true, step, "last log lines of \"verify\":\n… (9 more lines; --progress plain shows all)\n" + strings.Repeat("frame\n", 11) + "BadZipFile\n", 0},
		{"quiet", "quiet", false, step, "last log lines of \"verify\":\n… (9 more lines; --progress plain shows all)\n" + strings.Repeat("frame\n", 11) + "BadZipFile\n", 0},
		{"not explained", "plain", false, errors.New("exit code: 137"), "------\n > verify:\n0.0 says BadZipFile\n------\n", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			send := func(p *progress) {
				r := &replay{t: t, p: p}
				r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(nil, "verify", 1, 0, nil)}})
				r.event(client.SolveStatus{Logs: []*client.VertexLog{{Vertex: digest.FromString("verify"), Data: []byte("says BadZipFile\n"), Timestamp: time.Unix(1_000_001, 0)}}})
				r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(nil, "verify", 1, 2, func(v *client.Vertex) { v.Error = "exit code: 1" })}})
			}
			var log *os.File
			var read func() string
			if test.terminal {
				log, read = newTerminal(t)
			} else {
				var err error
				if log, err = os.CreateTemp(t.TempDir(), "log"); err != nil {
					t.Fatal(err)
				}
				read = func() string {
					data, err := os.ReadFile(log.Name())
					if err != nil {
						t.Fatal(err)
					}
					return string(data)
				}
			}
			p, err := newProgress(log, test.mode, "a builder", false)
			if err != nil {
				t.Fatal(err)
			}
			go p.run()
			send(p)
			close(p.events)
			<-p.ended
			if _, err := log.WriteString("END\n"); err != nil {
				t.Fatal(err)
			}
			p.explain(test.err)
			display, after, ok := strings.Cut(strings.ReplaceAll(read(), "\r\n", "\n"), "END\n")
			after = regexp.MustCompile(`\d\.\d+ says`).ReplaceAllString(after, "0.0 says")
			if !ok || after != test.want {
				t.Errorf("after the display: %q, want %q", after, test.want)
			}
			if bytes.Contains([]byte(display), []byte("------")) {
				t.Errorf("the display ends with an excerpt: %q", display)
			}
		})
	}
}

// How much of an image has come is told meanwhile and at the end.
func TestSent(t *testing.T) {
	got := shown(t, "plain", false, nil, func(r *replay) {
		exports := []client.ExportEntry{{Output: func(map[string]string) (io.WriteCloser, error) { return keepOpen{io.Discard}, nil }}}
		r.p.sent.count(exports)
		w, err := exports[0].Output(nil)
		if err != nil {
			t.Fatal(err)
		}
		v := r.vertex(nil, "exporting to docker image format", 1, 0, nil)
		status := client.VertexStatus{ID: sendingID, Vertex: v.Digest, Started: v.Started, Timestamp: *v.Started}
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{v}, Statuses: []*client.VertexStatus{&status}})
		if _, err := w.Write(make([]byte, 3e6)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * sentInterval)
		done := r.vertex(nil, v.Name, 1, 3, nil)
		status.Completed = done.Completed
		r.event(client.SolveStatus{Vertexes: []*client.Vertex{done}, Statuses: []*client.VertexStatus{&status}})
	})
	if strings.Count(got, "sending tarball 3.00MB") != 2 {
		t.Error(got)
	}
}
