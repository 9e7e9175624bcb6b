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
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/status"
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

// ImageError says that the base or toolchain image is not to be had.
type ImageError struct {
	// Name is "base" or "toolchain", which is its key in [environment].
	Name string
	Err  error
}

// Error returns BuildKit's words.
func (e *ImageError) Error() string { return fmt.Sprintf("%s image: %v", e.Name, e.Err) }

// Unwrap returns BuildKit's error.
func (e *ImageError) Unwrap() error { return e.Err }

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
	return addSource(err, sourceInfo(source))
}

// addSource adds the lines that an error is about, if it is about any.
func addSource(err error, info *pb.SourceInfo) error {
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
	// What an error points at may be the credential that it is about.
	info.Data = lint.MaskError(info.Data, err)
	s := &errdefs.Source{Info: info}
	for _, r := range ranges {
		s.Ranges = append(s.Ranges, protoRange(r))
	}
	return errdefs.WithSource(err, s)
}

// spoken is an error that reaches the client in its own words: BuildKit's
// gateway sends those of the innermost error that came by gRPC, without what
// was put around it.
type spoken struct{ error }

func (e spoken) Unwrap() error { return e.error }

// GRPCStatus is what the gateway sends.
func (e spoken) GRPCStatus() *status.Status {
	return status.New(grpcerrors.Code(e.error), e.Error())
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
	var image *ImageError
	if errors.As(err, &step) {
		for n, i := range b.file.Environment.Indexes {
			url := strings.TrimSuffix(i.URL, "/")
			if strings.Contains(step.Message, url+"/") || strings.Contains(step.Message, "("+url+")") {
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
	case errors.As(err, &step) && (step.Kind == "unsatisfiable" || step.Kind == "index"):
		return at(b.file, err, "environment")
	case errors.As(err, &image):
		return at(b.file, err, "environment", image.Name)
	}
	return err
}
