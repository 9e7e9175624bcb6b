package deploy

import (
	"context"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// ruleRefused is the rule of what a target would refuse.
const ruleRefused = "refused-by-target"

// checkTargets asks the targets what a deployment would fail at, before anything is built.
// Warnings are reported as progress. The error points at the lines of the Deployfile.
func (d *Deployer) checkTargets(ctx context.Context, sessions []*session) error {
	var wrong deployfile.Errors
	for _, s := range sessions {
		checker, ok := s.publisher.(publish.Checker)
		if !ok {
			continue
		}
		d.progress().Wait(s.Name + ": checking")
		for _, f := range checker.Check(ctx) {
			if f.Warning {
				d.progress().Say(s.Name + ": warning: " + withHint(f))
				continue
			}
			wrong = append(wrong, d.diagnostic(s.Name, f))
		}
		if ctx.Err() != nil {
			return atTarget(s.Target, context.Cause(ctx))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return errdefs.WithSource(wrong, &errdefs.Source{Info: &pb.SourceInfo{Filename: d.Project.Path, Data: d.Project.Source}})
}

func withHint(f publish.Finding) string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "; " + f.Hint
}

// diagnostic returns a finding at the key of a target's table.
func (d *Deployer) diagnostic(target string, f publish.Finding) deployfile.Diagnostic {
	where, _ := d.Project.File.Position(append([]string{"targets", target}, f.Keys...)...)
	return deployfile.Diagnostic{
		Rule: ruleRefused, Severity: deployfile.SeverityError, Message: f.Message, Hint: f.Hint,
		File: d.Project.Path, Range: where,
	}
}
