package lint

import (
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	bklint "github.com/moby/buildkit/frontend/subrequests/lint"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// Result answers BuildKit's subrequest frontend.lint, which buildx asks with
// --call=check. source is the Deployfile. failure is why the Deployfile cannot
// be built, nil if it can; it is reported beside the findings. The status code,
// which is buildx's exit code, is 1 for a failure or a finding that is an
// error, and 0 for warnings.
func Result(findings []Finding, failure error, source *bkllb.SourceMap) (*gwclient.Result, error) {
	results := lintResults(findings, failure, source)
	res, err := results.ToResult(nil)
	if err != nil {
		return nil, err
	}
	status := "0"
	if failure != nil || Failed(findings) {
		status = "1"
	}
	res.AddMeta("result.statuscode", []byte(status))
	return res, nil
}

func lintResults(findings []Finding, failure error, source *bkllb.SourceMap) *bklint.LintResults {
	masked := *source
	masked.Data = Mask(MaskError(source.Data, failure), findings)
	results := &bklint.LintResults{Warnings: []bklint.Warning{}}
	deployfileSource := results.AddSource(&masked)
	rules := map[string]Rule{}
	for _, r := range Rules() {
		rules[r.ID] = r
	}
	for _, f := range findings {
		detail := f.text()
		if f.Fix != "" {
			detail += "\n" + f.Fix
		}
		if f.Severity == deployfile.SeverityError {
			detail = "error: " + detail
		}
		// BuildKit's number for a warning about no line.
		index, ranges := -1, []parser.Range(nil)
		if f.Range != (deployfile.Range{}) {
			index, ranges = deployfileSource, []parser.Range{parserRange(f.Range)}
		}
		// What is no rule has no page.
		description, url := "", ""
		if r, ok := rules[f.Rule]; ok {
			description, url = r.Description, r.URL()
		}
		results.AddWarning(f.Rule, description, url, terminal.Printable(detail), index, ranges)
	}
	if failure != nil {
		results.Error = buildError(failure, results, deployfileSource)
	}
	return results
}

// text returns the message, after the other file that it is about.
func (f Finding) text() string {
	switch {
	case f.File != "" && f.Line > 0:
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
	case f.File != "":
		return f.File + ": " + f.Message
	}
	return f.Message
}

// buildError points at the first location of the failure, which may be lines of
// another file; source is the index of the Deployfile in results.
func buildError(failure error, results *bklint.LintResults, source int) *bklint.BuildError {
	e := &bklint.BuildError{Message: terminal.Printable(failure.Error()), Location: pb.Location{SourceIndex: int32(source)}}
	if sources := errdefs.Sources(failure); len(sources) > 0 {
		s := sources[0]
		if s.Info.Filename != results.Sources[source].Filename {
			e.Location.SourceIndex = int32(len(results.Sources))
			results.Sources = append(results.Sources, s.Info)
		}
		e.Location.Ranges = s.Ranges
		return e
	}
	var wrong deployfile.Errors
	if errors.As(failure, &wrong) {
		for _, d := range wrong {
			p := parserRange(d.Range)
			e.Location.Ranges = append(e.Location.Ranges, &pb.Range{
				Start: &pb.Position{Line: int32(p.Start.Line), Character: int32(p.Start.Character)},
				End:   &pb.Position{Line: int32(p.End.Line), Character: int32(p.End.Character)},
			})
		}
	}
	return e
}

// parserRange counts characters from 0, as BuildKit does.
func parserRange(r deployfile.Range) parser.Range {
	return parser.Range{
		Start: parser.Position{Line: r.Start.Line, Character: r.Start.Column - 1},
		End:   parser.Position{Line: r.End.Line, Character: r.End.Column - 1},
	}
}
