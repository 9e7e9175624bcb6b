package builder

import (
	"fmt"
	"strings"
)

// Attempt is one attempt of Find.
type Attempt struct {
	Kind Kind
	Err  error
}

// NotFoundError reports that no builder answered, with the reason for each.
type NotFoundError struct {
	Tried []Attempt
}

func (e *NotFoundError) Error() string {
	var s strings.Builder
	s.WriteString("no builder:")
	for _, a := range e.Tried {
		fmt.Fprintf(&s, "\n  %s: %s", a.Kind, indent(a.Err.Error()))
	}
	return s.String()
}

// Unwrap returns the reasons for errors.Is and errors.As.
func (e *NotFoundError) Unwrap() []error {
	errs := make([]error, 0, len(e.Tried))
	for _, a := range e.Tried {
		errs = append(errs, a.Err)
	}
	return errs
}

// GoneError reports that the builder went away during a build.
type GoneError struct {
	Kind    Kind
	Address string
	LogFile string // the embedded daemon's log; empty for the other kinds
	LogTail string // its last lines
	Err     error  // what the build saw
}

func (e *GoneError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "the %s builder at %s went away: %v", e.Kind, e.Address, e.Err)
	if e.LogTail != "" {
		fmt.Fprintf(&s, "\nthe last lines of %s:\n  %s", e.LogFile, indent(e.LogTail))
	}
	switch e.Kind {
	case Embedded:
		s.WriteString("\nRun the command again: the builder starts anew and steps that were done stay cached.")
	case Docker:
		s.WriteString("\nSee that Docker's engine runs (docker info), then run the command again.")
	default:
		s.WriteString("\nSee that a BuildKit runs there, then run the command again.")
	}
	return s.String()
}

func (e *GoneError) Unwrap() error { return e.Err }

// DiskFullError reports that the disk of the builder, or of a result, is full.
type DiskFullError struct {
	Kind    Kind
	Address string
	Dir     string // the embedded daemon's directory; empty for the other kinds
	Local   bool   // full is the disk here, not the builder's
	Err     error
}

func (e *DiskFullError) Error() string {
	if e.Local {
		return fmt.Sprintf("no space left on this machine's disk: %v\nFree some space and run the command again.", e.Err)
	}
	switch e.Kind {
	case Embedded:
		return fmt.Sprintf("no space left on the disk of the embedded builder (%s): %v\n"+
			"Free its cache with `deployfile builder prune`, or keep it smaller with --disk-limit.", e.Dir, e.Err)
	case Docker:
		return fmt.Sprintf("no space left on the disk of the Docker engine at %s: %v\nFree its cache with `docker builder prune`.", e.Address, e.Err)
	default:
		return fmt.Sprintf("no space left on the disk of the builder at %s: %v\nFree its cache with `buildctl --addr %s prune`.", e.Address, e.Err, e.Address)
	}
}

func (e *DiskFullError) Unwrap() error { return e.Err }

// indent indents all lines of a message after the first.
func indent(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") }
