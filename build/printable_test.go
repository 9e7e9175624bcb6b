package build

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/containerd/console"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// The words of a step reach the display printable, whatever kind of display it
// is.
func TestStepsCommandNoTerminal(t *testing.T) {
	const evil = "\x1b]52;c;cHduZWQ=\x07\x9b2J\u009b2J\r\u202e"
	for _, mode := range []string{"plain", "tty"} {
		t.Run(mode, func(t *testing.T) {
			log, shown := newTerminal(t)
			p, err := newProgress(log, mode, "builder "+evil, false)
			if err != nil {
				t.Fatal(err)
			}
			go p.run()
			begun := time.Now()
			ended := begun.Add(time.Second)
			step := digest.FromString("step")
			vertex := client.Vertex{Digest: step, Name: "copy " + evil, Started: &begun}
			p.events <- &client.SolveStatus{Vertexes: []*client.Vertex{&vertex}}
			p.events <- &client.SolveStatus{
				Statuses: []*client.VertexStatus{{ID: "fetch " + evil, Name: evil, Vertex: step, Timestamp: begun, Started: &begun, Completed: &ended}},
				Logs: []*client.VertexLog{
					{Vertex: step, Data: []byte("says " + evil + "\xe2\x80"), Timestamp: begun},
					{Vertex: step, Data: []byte("\xae and more\n"), Timestamp: begun},
				},
				Warnings: []*client.VertexWarning{{
					Vertex: step, Short: []byte("short " + evil), Detail: [][]byte{[]byte(evil)}, URL: evil,
					SourceInfo: &pb.SourceInfo{Filename: evil, Data: []byte(evil)}, Range: []*pb.Range{{Start: &pb.Position{Line: 1}, End: &pb.Position{Line: 1}}},
				}},
			}
			failed := vertex
			failed.Completed, failed.Error = &ended, "failed "+evil
			p.events <- &client.SolveStatus{Vertexes: []*client.Vertex{&failed}}
			close(p.events)
			<-p.ended
			p.explain(errors.New("failed"))
			got := shown()
			for _, sign := range []string{"\x1b]", "\x07", "\x9b", "\u009b", "\u202e"} {
				if strings.Contains(got, sign) && (mode == "plain" || sign != "\x9b") {
					t.Errorf("%q is shown: %q", sign, got)
				}
			}
			if mode == "plain" {
				got = strings.ReplaceAll(got, "\r\n", "\n")
				if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
					t.Errorf("a control character is shown: %q", got)
				}
			}
			words := []string{"copy", "fetch", "says", "short"}
			if mode == "plain" {
				words = append(words, "failed")
			}
			for _, word := range words {
				if !strings.Contains(got, word+` \x1b]52;c;cHduZWQ=\x07\x9b2J`) {
					t.Errorf("%q is not shown: %q", word, got)
				}
			}
			if len(p.warnings) != 1 || bytes.ContainsRune(p.warnings[0].SourceInfo.Data, '\x1b') || vertex.Name != "copy "+evil {
				t.Errorf("%v, %q", p.warnings, vertex.Name)
			}
		})
	}
}

// newTerminal is a terminal, and what was written to it, which ends it.
func newTerminal(t *testing.T) (terminal *os.File, shown func() string) {
	t.Helper()
	master, name, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	if err := master.Resize(console.WinSize{Height: 50, Width: 250}); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&got, master)
	}()
	return terminal, func() string {
		terminal.Close()
		<-read
		master.Close()
		return got.String()
	}
}
