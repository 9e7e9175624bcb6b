package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/report"
	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"
)

// events writes the lines of --events. Until begin has opened the file, and after a line
// could not be written, nothing is: a command goes on whose reader has gone.
type events struct {
	file string // the flag

	mu     sync.Mutex
	to     io.Writer // nil if nothing is written
	opened bool
	steps  map[digest.Digest]string
}

// begin opens the file and writes the first line, once.
func (e *events) begin(cmd *cobra.Command, version string) error {
	if e.file == "" || e.opened {
		return nil
	}
	e.opened = true
	// A named pipe without a reader would not be opened.
	f, err := untrusted.Wait(cmd.Context(), func() (*os.File, error) {
		return os.OpenFile(e.file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	})
	if err != nil {
		return fmt.Errorf("--events: %w", err)
	}
	e.to, e.steps = terminal.ForData(f), map[digest.Digest]string{}
	_, command, _ := strings.Cut(cmd.CommandPath(), " ")
	e.write(report.Event{Event: "begin", Begin: &report.Begin{Version: report.EventsVersion, Command: command, Program: version}})
	return nil
}

// write writes a line. The time is that of the line.
func (e *events) write(line report.Event) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.to == nil {
		return
	}
	line.Time = time.Now().UTC()
	if encodeLine(e.to, line) != nil {
		e.to = nil
	}
}

func (e *events) message(text string) { e.write(report.Event{Event: "message", Message: text}) }

func (e *events) warn(p report.Fault) { e.write(report.Event{Event: "warning", Warning: &p}) }

func (e *events) result(v any) { e.write(report.Event{Event: "result", Result: v}) }

func (e *events) transferred(name string, done, total int64) {
	e.write(report.Event{Event: "bytes", Bytes: &report.Bytes{Name: name, Done: done, Total: total}})
}

// fail writes the last lines of a command that fails.
func (e *events) fail(failure report.Error) {
	e.write(report.Event{Event: "error", Error: &failure})
	e.end(failure.ExitCode)
}

// end writes the last line.
func (e *events) end(code int) {
	e.write(report.Event{Event: "end", End: &report.End{ExitCode: code}})
}

// observe returns what build.Options.Observe is to be, nil if nobody has asked for events.
func (e *events) observe() func(*client.SolveStatus) {
	if e == nil || e.file == "" {
		return nil
	}
	return e.solve
}

// solve writes what a builder reports.
func (e *events) solve(s *client.SolveStatus) {
	for _, v := range s.Vertexes {
		if step := stepOf(v); step.State != "" && step.State != e.steps[v.Digest] {
			e.steps[v.Digest] = step.State
			e.write(report.Event{Event: "step", Step: &step})
		}
	}
	for _, b := range s.Statuses {
		if b.Current > 0 || b.Total > 0 {
			e.write(report.Event{Event: "bytes", Bytes: &report.Bytes{Step: b.Vertex.String(), Name: b.ID, Done: b.Current, Total: b.Total}})
		}
	}
	for _, l := range s.Logs {
		e.write(report.Event{Event: "log", Log: &report.Log{Step: l.Vertex.String(), Text: string(l.Data)}})
	}
}

// stepOf returns a step for programs, without a state before it begins.
func stepOf(v *client.Vertex) report.Step {
	s := report.Step{ID: v.Digest.String(), Name: v.Name, Error: v.Error}
	if v.Started != nil && v.Completed != nil {
		s.Seconds = v.Completed.Sub(*v.Started).Seconds()
	}
	switch {
	case strings.HasSuffix(v.Error, context.Canceled.Error()):
		s.State = "cancelled"
	case v.Error != "":
		s.State = "failed"
	case v.Cached:
		s.State = "cached"
	case v.Completed != nil:
		s.State = "done"
	case v.Started != nil:
		s.State = "running"
	}
	return s
}
