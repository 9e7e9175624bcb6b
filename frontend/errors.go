package frontend

import (
	"errors"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/lint"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// StaleLockError says that the lock does not fit what it is a lock of.
type StaleLockError struct {
	// File is the lock's name, Changes what differs, a phrase each.
	File    string
	Changes []string
}

// Error lists the changes and names the command.
func (e *StaleLockError) Error() string {
	return fmt.Sprintf("%s is out of date:\n  %s\nrun: deployfile lock", e.File, strings.Join(e.Changes, "\n  "))
}

// NoLockError says that a lock was demanded and there is none.
type NoLockError struct {
	// File is the name that the lock would have.
	File string
}

// Error names the command.
func (e *NoLockError) Error() string {
	return e.File + " is missing, and --locked demands it; run: deployfile lock"
}

// located is an error with the part of the Deployfile that it is about.
type located struct {
	err    error
	ranges []deployfile.Range
}

func (e *located) Error() string { return e.err.Error() }
func (e *located) Unwrap() error { return e.err }

// at says which part of the Deployfile an error is about, in the words of its
// keys.
func at(f *deployfile.File, err error, key ...string) error {
	if err == nil {
		return nil
	}
	r, _ := f.Position(key...)
	return &located{err: err, ranges: []deployfile.Range{r}}
}

// annotate adds the source lines to an error, so that every BuildKit client
// draws them.
func annotate(err error, source *llb.SourceMap) error {
	if err == nil || source == nil {
		return err
	}
	var ranges []deployfile.Range
	var wrong deployfile.Errors
	var where *located
	switch {
	case errors.As(err, &wrong):
		for _, d := range wrong {
			ranges = append(ranges, d.Range)
		}
	case errors.As(err, &where):
		ranges = where.ranges
	default:
		return err
	}
	info := sourceInfo(source)
	// What an error points at may be the credential that it is about.
	info.Data = lint.MaskError(source.Data, err)
	s := &errdefs.Source{Info: info}
	for _, r := range ranges {
		s.Ranges = append(s.Ranges, protoRange(r))
	}
	return errdefs.WithSource(err, s)
}

func sourceInfo(s *llb.SourceMap) *pb.SourceInfo {
	return &pb.SourceInfo{Data: s.Data, Filename: s.Filename, Language: s.Language, Definition: s.Definition.ToPB()}
}

// protoRange gives characters from 0, as BuildKit counts them.
func protoRange(r deployfile.Range) *pb.Range {
	return &pb.Range{
		Start: &pb.Position{Line: int32(r.Start.Line), Character: int32(r.Start.Column - 1)},
		End:   &pb.Position{Line: int32(r.End.Line), Character: int32(r.End.Column - 1)},
	}
}

// locate says which key of the Deployfile an answer from outside is about.
func (b *build) locate(err error) error {
	var python *resolver.NoPythonError
	var step *resolver.StepError
	if errors.As(err, &step) {
		for n, i := range b.file.Environment.Indexes {
			if strings.Contains(step.Message, strings.TrimSuffix(i.URL, "/")+"/") {
				return at(b.file, err, "environment", "indexes", fmt.Sprint(n), "url")
			}
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &python):
		return at(b.file, err, "environment", "base")
	case errors.As(err, &step) && step.Kind == "unsatisfiable" && strings.HasPrefix(step.Step, "resolve system"):
		return at(b.file, err, "environment", "system-packages")
	case errors.As(err, &step) && step.Kind == "unsatisfiable":
		return at(b.file, err, "environment")
	}
	return err
}
