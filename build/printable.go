package build

import (
	"bytes"
	"slices"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// escaper makes the output of steps printable before it reaches a display: the
// display moves the cursor itself, and once it has written the output its own
// control characters cannot be told from a step's.
type escaper struct{ logs map[output]*printed }

// output is one of the two outputs of a step.
type output struct {
	step   digest.Digest
	stream int
}

// printed is the printable form of an output's last piece.
type printed struct {
	writer *terminal.Writer
	text   bytes.Buffer
}

func newEscaper() *escaper { return &escaper{logs: map[output]*printed{}} }

// printable returns an event with printable text. It does not modify the event.
func (e *escaper) printable(in *client.SolveStatus) *client.SolveStatus {
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
		l.Data = e.log(output{l.Vertex, l.Stream}, l.Data)
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
			// Lines keep their columns, to which the range refers.
			warning.SourceInfo = &pb.SourceInfo{
				Filename: terminal.Line(i.Filename), Data: []byte(terminal.Masked(string(i.Data))), Definition: i.Definition, Language: i.Language,
			}
		}
		out.Warnings = append(out.Warnings, &warning)
	}
	return out
}

// log converts a piece of an output. A character may span two pieces.
func (e *escaper) log(from output, data []byte) []byte {
	to, ok := e.logs[from]
	if !ok {
		to = &printed{}
		to.writer = terminal.NewWriter(&to.text)
		e.logs[from] = to
	}
	to.text.Reset()
	_, _ = to.writer.Write(data)
	return bytes.Clone(to.text.Bytes())
}
