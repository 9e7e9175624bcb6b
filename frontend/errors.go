package frontend

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/lint"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/mlmodel"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/status"
)

// StaleLockError reports a lock that is out of date.
type StaleLockError struct {
	// File is the lock's name, Changes are the differences, a phrase each.
	File    string
	Changes []string
	// Model reports whether nothing but the model's files differs, so that a new lock
	// needs no answer from outside.
	Model bool
}

// Error lists the changes and names the command.
func (e *StaleLockError) Error() string {
	return fmt.Sprintf("%s is out of date:\n  %s\nrun: deployfile lock", e.File, strings.Join(e.Changes, "\n  "))
}

// NoLockError reports a missing lock where one is required.
type NoLockError struct {
	// File is the name that the lock would have, By what demands it, "" for --locked.
	File, By string
}

// Error names the command.
func (e *NoLockError) Error() string {
	return fmt.Sprintf("%s is missing, and %s demands it; run: deployfile lock", e.File, cmp.Or(e.By, "--locked"))
}

// ImageError reports that the base or toolchain image cannot be resolved or pulled.
type ImageError struct {
	// Name is "base" or "toolchain", which is its key in [environment]; Ref is the image.
	Name, Ref string
	Err       error
}

// Error names the image and returns BuildKit's message.
func (e *ImageError) Error() string { return fmt.Sprintf("%s image: %v", e.Name, e.Err) }

// Unwrap returns BuildKit's error.
func (e *ImageError) Unwrap() error { return e.Err }

// located is an error with the part of the Deployfile that it is about, or with
// lines of other files.
type located struct {
	err    error
	ranges []deployfile.Range
	others []*errdefs.Source
}

func (e *located) Error() string { return e.err.Error() }
func (e *located) Unwrap() error { return e.err }

// at adds to an error the part of the Deployfile that it is about, named by its keys;
// an error may already have the line of another file.
func at(f *deployfile.File, err error, key ...string) error {
	if err == nil {
		return nil
	}
	r, _ := f.Position(key...)
	return &located{err: err, ranges: []deployfile.Range{r}, others: FaultSources(err)}
}

// FaultSources returns the lines of other files that an error is about, without what they
// hold of credentials.
func FaultSources(err error) (out []*errdefs.Source) {
	for _, fault := range mlmodel.Faults(err) {
		if fault.Line == 0 {
			continue
		}
		// The line alone: what is around it was not searched for credentials.
		text := terminal.Masked(fault.Text)
		info := &pb.SourceInfo{Filename: terminal.Line(fault.File), Data: []byte(strings.Repeat("\n", fault.Line-1) + text)}
		out = append(out, &errdefs.Source{Info: info, Ranges: []*pb.Range{lineRange(fault.Line, text)}})
	}
	return out
}

// lineRange is all of a line with this text.
func lineRange(line int, text string) *pb.Range {
	return &pb.Range{
		Start: &pb.Position{Line: int32(line)},
		End:   &pb.Position{Line: int32(line), Character: int32(utf8.RuneCountInString(strings.TrimRight(text, "\r")))},
	}
}

// withSource adds to an error the lines that it is about, if it is about any, so
// that every BuildKit client draws them. info is nil as long
// as the Deployfile was not read.
func withSource(err error, info *pb.SourceInfo) error {
	if err == nil || info == nil {
		return err
	}
	var ranges []deployfile.Range
	var wrong deployfile.Errors
	var where *located
	var several Mistakes
	switch {
	case errors.As(err, &several):
		return several.withSource(info)
	case errors.As(err, &wrong):
		for _, d := range wrong {
			ranges = append(ranges, d.Range)
		}
	case errors.As(err, &where):
		for _, s := range where.others {
			err = errdefs.WithSource(err, s)
		}
		if ranges = where.ranges; ranges == nil {
			return err
		}
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

// gatewayError is an error that reaches the client with all of its text: BuildKit's
// gateway would send only that of the innermost gRPC error, without what wraps it.
// Clients print it unchanged, so its text is made printable.
type gatewayError struct{ error }

func (e gatewayError) Error() string { return terminal.Printable(e.error.Error()) }

func (e gatewayError) Unwrap() error { return e.error }

// GRPCStatus returns the status that the gateway sends.
func (e gatewayError) GRPCStatus() *status.Status {
	return status.New(grpcerrors.Code(e.error), e.Error())
}

func sourceInfo(s *bkllb.SourceMap) *pb.SourceInfo {
	if s == nil {
		return nil
	}
	return &pb.SourceInfo{Data: s.Data, Filename: s.Filename, Language: s.Language, Definition: s.Definition.ToPB()}
}

// protoRange converts a range to BuildKit's, which counts characters from 0.
func protoRange(r deployfile.Range) *pb.Range {
	return &pb.Range{
		Start: &pb.Position{Line: int32(r.Start.Line), Character: int32(r.Start.Column - 1)},
		End:   &pb.Position{Line: int32(r.End.Line), Character: int32(r.End.Column - 1)},
	}
}
