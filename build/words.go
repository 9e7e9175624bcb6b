package build

import (
	"bytes"
	"slices"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// words make the words of steps printable before a display has them: it moves the
// cursor itself, and its own control characters cannot be told from a step's once
// it has written them.
type words struct{ logs map[output]*printed }

// output is one of the two outputs of a step.
type output struct {
	step   digest.Digest
	stream int
}

// printed is what was made printable of an output last.
type printed struct {
	writer *terminal.Writer
	text   bytes.Buffer
}

func newWords() *words { return &words{logs: map[output]*printed{}} }

// printable is the event in words that no terminal obeys. It shares no memory
// that it changes with the one that came in.
func (w *words) printable(in *client.SolveStatus) *client.SolveStatus {
	out := &client.SolveStatus{}
	for _, v := range in.Vertexes {
		v := *v
		v.Name, v.Error = terminal.Line(v.Name), terminal.Printable(v.Error)
		if g := v.ProgressGroup; g != nil {
			v.ProgressGroup = &pb.ProgressGroup{Id: g.Id, Name: terminal.Line(g.Name), Weak: g.Weak}
		}
		out.Vertexes = append(out.Vertexes, &v)
	}
	for _, s := range in.Statuses {
		s := *s
		s.ID, s.Name = terminal.Line(s.ID), terminal.Line(s.Name)
		out.Statuses = append(out.Statuses, &s)
	}
	for _, l := range in.Logs {
		l := *l
		l.Data = w.log(output{l.Vertex, l.Stream}, l.Data)
		out.Logs = append(out.Logs, &l)
	}
	for _, warning := range in.Warnings {
		warning := *warning
		warning.Short, warning.URL = []byte(terminal.Line(string(warning.Short))), terminal.Line(warning.URL)
		warning.Detail = slices.Clone(warning.Detail)
		for i, d := range warning.Detail {
			warning.Detail[i] = []byte(terminal.Printable(string(d)))
		}
		if i := warning.SourceInfo; i != nil {
			// Its lines keep their columns, which the range counts.
			warning.SourceInfo = &pb.SourceInfo{
				Filename: terminal.Line(i.Filename), Data: []byte(terminal.Masked(string(i.Data))), Definition: i.Definition, Language: i.Language,
			}
		}
		out.Warnings = append(out.Warnings, &warning)
	}
	return out
}

// log is a piece of an output. A character may be spread over two of them.
func (w *words) log(from output, data []byte) []byte {
	to, ok := w.logs[from]
	if !ok {
		to = &printed{}
		to.writer = terminal.NewWriter(&to.text)
		w.logs[from] = to
	}
	to.text.Reset()
	_, _ = to.writer.Write(data)
	return bytes.Clone(to.text.Bytes())
}
