package build

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

// A build that is done soon shows nothing, unless it fails; its warnings are kept.
func TestPatience(t *testing.T) {
	for _, test := range []struct {
		name     string
		patience time.Duration
		failure  string
		shown    bool
	}{
		{"soon done", time.Hour, "", false},
		{"failed", time.Hour, "exit code: 1", true},
		{"takes long", time.Nanosecond, "", true},
		{"always shown", 0, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			log, err := os.CreateTemp(t.TempDir(), "log")
			if err != nil {
				t.Fatal(err)
			}
			p, err := newProgress(log, "auto", "a builder", false)
			if err != nil {
				t.Fatal(err)
			}
			p.patience = test.patience
			go p.run()
			r := &replay{t: t, p: p}
			v := r.vertex(nil, "resolve", 1, 0, nil)
			r.event(client.SolveStatus{Vertexes: []*client.Vertex{v}, Warnings: []*client.VertexWarning{{Vertex: v.Digest, Short: []byte("old")}}})
			time.Sleep(2 * time.Nanosecond)
			r.event(client.SolveStatus{Vertexes: []*client.Vertex{r.vertex(nil, "resolve", 1, 2, func(v *client.Vertex) { v.Error = test.failure })}})
			close(p.events)
			<-p.ended
			data, err := os.ReadFile(log.Name())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), "resolve") != test.shown || !test.shown && len(data) > 0 {
				t.Errorf("shown: %q", data)
			}
			if len(p.warnings) != 1 {
				t.Errorf("warnings: %v", p.warnings)
			}
		})
	}
}

// What a user has asked to see is shown at once.
func TestPatienceOfMode(t *testing.T) {
	for mode, want := range map[string]time.Duration{"auto": time.Second, "plain": 0, "tty": 0, "rawjson": 0} {
		if got := (Options{Progress: mode, Patience: time.Second}).patience(); got != want {
			t.Errorf("%s: %s", mode, got)
		}
	}
}
