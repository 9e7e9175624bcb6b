package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/lint"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// printError writes an error for people to read, with the lines that it is about.
func printError(w *terminal.Writer, command string, err error) {
	var wrong deployfile.Errors
	var several frontend.Mistakes
	sources := drawable(err)
	faults := mlmodel.Faults(err)
	switch {
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(w, err)
	case is[*differentError](err):
		// The differences are printed.
	case errors.As(err, &several):
		for _, one := range several {
			printError(w, command, one)
		}
	case is[*usageError](err), is[*build.UsageError](err):
		printMessage(w, deployfile.SeverityError, fmt.Sprintf("%v\nrun: %s --help", err, command))
	case errors.As(err, &wrong) && len(errdefs.Sources(err)) > 0:
		for _, d := range wrong {
			_ = deployfile.Render(w, errdefs.Sources(err)[0].Info.Data, d)
		}
	case len(faults) > 0 && faults[0].Line > 0:
		for _, f := range faults {
			drawFault(w, deployfile.SeverityError, err, f)
		}
	case len(sources) > 0:
		message, hint := splitHints(ordinary(err))
		d := diagnosticOf(sources[0].Info, sources[0].Ranges[0], deployfile.SeverityError, message)
		d.Hint = hint
		_ = deployfile.Render(w, sources[0].Info.Data, d)
		sources[0].Ranges = sources[0].Ranges[1:]
		drawPlaces(w, sources)
	default:
		printMessage(w, deployfile.SeverityError, ordinary(err))
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

// drawFault draws a fault of a file with its line. What wraps the fault may say more.
func drawFault(w *terminal.Writer, severity deployfile.Severity, err error, f *mlmodel.SourceError) {
	message := f.Message
	if before, after, ok := strings.Cut(err.Error(), f.Error()); ok && !strings.Contains(before+after, "\n") {
		message = before + message + after
	}
	start := deployfile.Position{Line: f.Line, Column: 1}
	_ = deployfile.Render(w, []byte(strings.Repeat("\n", f.Line-1)+f.Text), deployfile.Diagnostic{
		Severity: severity, Message: message, Hint: f.Hint, File: terminal.Line(f.File),
		Range: deployfile.Range{Start: start, End: deployfile.Position{Line: f.Line, Column: 1 + len([]rune(f.Text))}},
	})
}

// drawPlaces draws the further lines that an error is about.
func drawPlaces(w *terminal.Writer, sources []*errdefs.Source) {
	const shown = 10
	drawn := 0
	for _, s := range sources {
		for _, r := range s.Ranges {
			if drawn++; drawn > shown {
				return
			}
			_ = deployfile.Render(w, s.Info.Data, diagnosticOf(s.Info, r, deployfile.SeverityNote, "see also"))
		}
	}
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

const (
	hintPrefix = "hint: "
	runPrefix  = "run: "
)

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

// warn prints what the frontend warned of.
func (s streams) warn(warnings []client.VertexWarning) { printWarnings(s.err, warnings) }

func printWarnings(w *terminal.Writer, warnings []client.VertexWarning) {
	for _, v := range warnings {
		// BuildKit's other clients show the rule, as they do for a Dockerfile.
		text := lint.WithoutRule(string(v.Short))
		if v.SourceInfo == nil || len(v.Range) == 0 {
			printMessage(w, deployfile.SeverityWarning, text)
			continue
		}
		d := diagnosticOf(v.SourceInfo, v.Range[0], deployfile.SeverityWarning, text)
		if len(v.Detail) > 0 {
			d.Hint = string(v.Detail[0])
		}
		_ = deployfile.Render(w, v.SourceInfo.Data, d)
	}
}

// printModelWarning writes a warning about a file of a model, whose lines are not drawn.
func printModelWarning(w *terminal.Writer, about mlmodel.Warning) {
	_ = terminal.Fprint(w, terminal.Plain, fmt.Sprintf("%s:%d:1: ", terminal.Line(about.File), max(about.Line, 1)))
	printMessage(w, deployfile.SeverityWarning, about.Message)
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
