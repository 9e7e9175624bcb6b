package cli

import (
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// printError writes an error for people to read, with the lines that it is about.
func printError(w *terminal.Writer, command string, err error) {
	var wrong deployfile.Errors
	var line *mlmodel.SourceError
	sources := errdefs.Sources(err)
	switch {
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(w, err)
	case is[*differentError](err):
		// The differences are printed.
	case is[*usageError](err), is[*build.UsageError](err):
		fmt.Fprintf(w, "error: %v\nrun: %s --help\n", err, command)
	case errors.As(err, &wrong) && len(sources) > 0:
		for _, d := range wrong {
			_ = deployfile.Render(w, sources[0].Info.Data, d)
		}
	case errors.As(err, &line):
		fmt.Fprintln(w, "error:", err)
		if line.Line > 0 && line.Text != "" {
			number := fmt.Sprint(line.Line)
			fmt.Fprintf(w, "%*s |\n%s | %s\n", len(number), "", number, line.Text)
		}
	case len(sources) > 0 && len(sources[0].Ranges) > 0:
		s := sources[0]
		_ = deployfile.Render(w, s.Info.Data, diagnosticOf(s.Info, s.Ranges, deployfile.SeverityError, err.Error()))
	default:
		fmt.Fprintln(w, "error:", err)
	}
}

// warn prints what the frontend warned of.
func (s streams) warn(warnings []client.VertexWarning) { printWarnings(s.err, warnings) }

func printWarnings(w *terminal.Writer, warnings []client.VertexWarning) {
	for _, v := range warnings {
		if v.SourceInfo == nil || len(v.Range) == 0 {
			fmt.Fprintf(w, "warning: %s\n", v.Short)
			continue
		}
		d := diagnosticOf(v.SourceInfo, v.Range, deployfile.SeverityWarning, string(v.Short))
		if len(v.Detail) > 0 {
			d.Hint = string(v.Detail[0])
		}
		_ = deployfile.Render(w, v.SourceInfo.Data, d)
	}
}

// diagnosticOf converts BuildKit's ranges, which count characters from 0, to a
// diagnostic.
func diagnosticOf(info *pb.SourceInfo, ranges []*pb.Range, severity deployfile.Severity, message string) deployfile.Diagnostic {
	position := func(p *pb.Position) deployfile.Position {
		return deployfile.Position{Line: int(p.GetLine()), Column: int(p.GetCharacter()) + 1}
	}
	return deployfile.Diagnostic{
		Severity: severity,
		Message:  message,
		File:     info.Filename,
		Range:    deployfile.Range{Start: position(ranges[0].Start), End: position(ranges[0].End)},
	}
}
