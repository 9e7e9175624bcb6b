package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// printError writes an error for people to read, with the lines that it is about.
func printError(w *terminal.Writer, command string, err error) {
	switch {
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(w, err)
	case is[*differentError](err):
		// The differences are printed.
	default:
		for _, p := range problemsOf(command, err) {
			p.draw(w)
		}
	}
}

// drawable returns the sources of an error that have lines to draw, and that the user has.
func drawable(err error) []*errdefs.Source {
	var out []*errdefs.Source
	for _, s := range errdefs.Sources(err) {
		if s.Info != nil && len(s.Ranges) > 0 && !isForURI(s.Info.Filename) {
			out = append(out, s)
		}
	}
	return out
}

// ordinary returns the text of an error without the names that Go has for system calls.
func ordinary(err error) string {
	text := err.Error()
	var at *fs.PathError
	if errors.As(err, &at) {
		text = strings.ReplaceAll(text, at.Error(), fmt.Sprintf("%s: %v", at.Path, at.Err))
	}
	return text
}

// splitHints takes the lines that say what to do out of a message.
func splitHints(text string) (message, hints string) {
	var said, todo []string
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		line = strings.TrimRight(line, "\n")
		if hint, ok := strings.CutPrefix(line, hintPrefix); ok {
			todo = append(todo, hint)
		} else {
			said = append(said, line)
		}
	}
	return strings.Join(said, "\n"), strings.Join(todo, "\n")
}

// printMessage writes a message that is about no line of a file. Lines that say what to
// do stand out.
func printMessage(w *terminal.Writer, severity deployfile.Severity, text string) {
	style := terminal.Error
	if severity == deployfile.SeverityWarning {
		style = terminal.Warning
	}
	_ = terminal.Fprint(w, style, string(severity)+":")
	_ = terminal.Fprint(w, terminal.Plain, " ")
	for line := range strings.Lines(text) {
		line, style = strings.TrimSuffix(line, "\n"), terminal.Plain
		if strings.HasPrefix(line, hintPrefix) || strings.HasPrefix(line, runPrefix) {
			style = terminal.Hint
		}
		_ = terminal.Fprint(w, style, line)
		_ = terminal.Fprint(w, terminal.Plain, "\n")
	}
}

// diagnosticOf converts a range of BuildKit, which counts characters from 0, to a
// diagnostic.
func diagnosticOf(info *pb.SourceInfo, at *pb.Range, severity deployfile.Severity, message string) deployfile.Diagnostic {
	position := func(p *pb.Position) deployfile.Position {
		return deployfile.Position{Line: int(p.GetLine()), Column: int(p.GetCharacter()) + 1}
	}
	return deployfile.Diagnostic{
		Severity: severity, Message: message, File: info.Filename,
		Range: deployfile.Range{Start: position(at.Start), End: position(at.End)},
	}
}
