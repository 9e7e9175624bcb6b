package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/lint"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/report"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
)

// problem is one thing that is wrong, or to be warned of, before it is drawn for people
// or encoded for programs.
type problem struct {
	// Diagnostic has no File if the problem is about no line; its message then has the
	// lines that say what to do.
	deployfile.Diagnostic
	// source is the text of File, nil if its lines are not drawn.
	source []byte
}

// The beginnings of lines that say what to do.
const (
	hintPrefix = "hint: "
	runPrefix  = "run: "
)

// problemsOf takes an error of a command apart. Only an error without text has no problems.
func problemsOf(command string, err error) (out []problem) {
	var wrong deployfile.Errors
	var several frontend.Mistakes
	sources := drawable(err)
	faults := mlmodel.Faults(err)
	switch {
	case errors.As(err, &several):
		for _, one := range several {
			out = append(out, problemsOf(command, one)...)
		}
	case is[*usageError](err), is[*build.UsageError](err):
		out = append(out, messageProblem(deployfile.SeverityError, fmt.Sprintf("%v\n%s%s --help", err, runPrefix, command)))
	case errors.As(err, &wrong) && len(errdefs.Sources(err)) > 0:
		for _, d := range wrong {
			out = append(out, placed(d, errdefs.Sources(err)[0].Info.Data))
		}
	case len(faults) > 0 && faults[0].Line > 0:
		for _, f := range faults {
			out = append(out, faultProblem(deployfile.SeverityError, err, f))
		}
	case len(sources) > 0:
		message, hint := splitHints(ordinary(err))
		d := diagnosticOf(sources[0].Info, sources[0].Ranges[0], deployfile.SeverityError, message)
		d.Hint = hint
		out = append(out, placed(d, sources[0].Info.Data))
		out = append(out, furtherPlaces(sources)...)
	default:
		out = append(out, messageProblem(deployfile.SeverityError, ordinary(err)))
	}
	return out
}

// placed returns a problem that is drawn with its lines.
func placed(d deployfile.Diagnostic, source []byte) problem {
	return problem{d, append([]byte{}, source...)}
}

// messageProblem returns a problem that is about no line of a file.
func messageProblem(severity deployfile.Severity, text string) problem {
	return problem{Diagnostic: deployfile.Diagnostic{Severity: severity, Message: text}}
}

// faultProblem returns a fault of a file with its line. What wraps the fault may say more.
func faultProblem(severity deployfile.Severity, err error, f *mlmodel.SourceError) problem {
	message := f.Message
	if before, after, ok := strings.Cut(err.Error(), f.Error()); ok && !strings.Contains(before+after, "\n") {
		message = before + message + after
	}
	start := deployfile.Position{Line: f.Line, Column: 1}
	return placed(deployfile.Diagnostic{
		Severity: severity, Message: message, Hint: f.Hint, File: terminal.Line(f.File),
		Range: deployfile.Range{Start: start, End: deployfile.Position{Line: f.Line, Column: 1 + len([]rune(f.Text))}},
	}, []byte(strings.Repeat("\n", f.Line-1)+f.Text))
}

// furtherPlaces returns the lines that an error is about besides the first.
func furtherPlaces(sources []*errdefs.Source) (out []problem) {
	const shown = 10
	for n, s := range sources {
		for m, r := range s.Ranges {
			if (n > 0 || m > 0) && len(out) < shown {
				out = append(out, placed(diagnosticOf(s.Info, r, deployfile.SeverityNote, "see also"), s.Info.Data))
			}
		}
	}
	return out
}

// modelProblems returns warnings about files of a model, whose lines are not drawn.
func modelProblems(warnings []mlmodel.Warning) (out []problem) {
	for _, w := range warnings {
		d := at(terminal.Line(w.File), w.Line)
		d.Severity, d.Message = deployfile.SeverityWarning, w.Message
		out = append(out, problem{Diagnostic: d})
	}
	return out
}

// warningsOf returns what the frontend warned of.
func warningsOf(warnings []client.VertexWarning) (out []problem) {
	for _, v := range warnings {
		// BuildKit's other clients show the rule, as they do for a Dockerfile.
		text := lint.WithoutRule(string(v.Short))
		if v.SourceInfo == nil || len(v.Range) == 0 {
			out = append(out, messageProblem(deployfile.SeverityWarning, text))
			continue
		}
		d := diagnosticOf(v.SourceInfo, v.Range[0], deployfile.SeverityWarning, text)
		if len(v.Detail) > 0 {
			d.Hint = string(v.Detail[0])
		}
		out = append(out, placed(d, v.SourceInfo.Data))
	}
	return out
}

// draw writes the problem for people, with its line.
func (p problem) draw(w *terminal.Writer) {
	switch {
	case p.source != nil:
		_ = deployfile.Render(w, p.source, p.Diagnostic)
	case p.File != "":
		_ = terminal.Fprint(w, terminal.Plain, fmt.Sprintf("%s:%d:1: ", p.File, p.Range.Start.Line))
		fallthrough
	default:
		printMessage(w, p.Severity, p.Message)
	}
}

// report returns the problem for programs.
func (p problem) report() report.Fault {
	r := report.Fault{
		Rule: p.Rule, Severity: string(p.Severity), Message: p.Message, Hint: p.Hint, File: p.File,
		Line: p.Range.Start.Line, Column: p.Range.Start.Column,
	}
	if p.source != nil {
		r.Text = p.Line(p.source)
	}
	if p.File == "" {
		r.Message, r.Hint = splitHints(strings.ReplaceAll(p.Message, "\n"+runPrefix, "\n"+hintPrefix+runPrefix))
	}
	return r
}

// errorReport returns an error of a command for programs.
func errorReport(command string, err error) report.Error {
	r := report.Error{ExitCode: exitCode(err)}
	r.Kind = errorKind(r.ExitCode)
	if errors.Is(err, errInterrupted) || is[*differentError](err) {
		r.Fault = messageProblem(deployfile.SeverityError, err.Error()).report()
		return r
	}
	for n, p := range problemsOf(command, err) {
		if n == 0 {
			r.Fault = p.report()
		} else {
			r.Others = append(r.Others, p.report())
		}
	}
	return r
}
