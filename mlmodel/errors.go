package mlmodel

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/untrusted"
)

// SourceError is a fault in one of the files read, with its position. It never
// contains a credential: anything that looks like one is removed from its
// texts.
type SourceError struct {
	// File is relative to the root of the file system that was read.
	File string
	// Line counts from 1; 0 if the whole file is at fault (it cannot be read).
	Line int
	// Text is the line without credentials; "" if there is no line to show.
	Text string
	// Message says what is wrong, Hint what to do next ("" if the message is
	// enough).
	Message, Hint string
	// Err is the cause, or nil.
	Err error
}

// Error returns "file:line: message (hint)".
func (e *SourceError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// SourceErrors are several faults, which are reported together.
type SourceErrors []*SourceError

// Error returns a line for each fault.
func (e SourceErrors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults.
func (e SourceErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i, f := range e {
		out[i] = f
	}
	return out
}

// Faults returns the faults of files that an error is about, nil if it is about none.
func Faults(err error) []*SourceError {
	var several SourceErrors
	if errors.As(err, &several) {
		return several
	}
	var one *SourceError
	if errors.As(err, &one) {
		return []*SourceError{one}
	}
	return nil
}

func newSourceError(file string, line int, text, message, hint string) *SourceError {
	return &SourceError{
		File: file, Line: line, Text: cropped(redact.Cut(strings.TrimSpace(text))),
		Message: cropped(redact.Cut(message)), Hint: hint,
	}
}

// cropped truncates text to a length that people read.
func cropped(text string) string {
	const most = 2000
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// NoPyfuncError reports that a model has no python_function flavour, so that
// MLflow's server cannot serve it.
type NoPyfuncError struct {
	// File is MLmodel's path, Line the line of its flavors (1 if it has none).
	File string
	Line int
	// Flavors are the model's flavours, sorted.
	Flavors []string
}

func (e *NoPyfuncError) Error() string {
	have := "it has no flavors at all"
	if len(e.Flavors) > 0 {
		have = "its flavors are " + strings.Join(e.Flavors, ", ")
	}
	next := "load it with its own flavor, log that with mlflow.pyfunc or a flavor that adds python_function, and name the new model in source of [model]"
	if slices.Contains(e.Flavors, "crate") {
		have = "it is a function of R (crate), and only R serves that"
		next = "write what it fitted in a format that Python reads, such as ONNX, log that with its flavor, and name the new model in source of [model]"
	}
	return fmt.Sprintf("%s:%d: the model has no python_function flavor; %s (%s)", e.File, e.Line, have, next)
}

// MissingModelError reports that a directory has no MLmodel file.
type MissingModelError struct {
	// Dir is the directory.
	Dir string
	// Found are the names in it, sorted, directories with a trailing slash; nil if
	// the directory itself is missing.
	Found []string
	// Below are the subdirectories that do have an MLmodel.
	Below []string
	// Err is why the directory could not be read, or nil.
	Err error
}

func (e *MissingModelError) Error() string {
	const shown = 8
	switch {
	case e.Err != nil:
		return fmt.Sprintf("no MLflow Model in %s: %s", e.Dir, untrusted.Reason(e.Err))
	case len(e.Below) == 1:
		return fmt.Sprintf("no MLmodel in %s, but there is one in %s: use that directory", e.Dir, e.Below[0])
	case len(e.Below) > shown:
		return fmt.Sprintf("no MLmodel in %s, but these directories have one: %s and %d more: use one of them", e.Dir, strings.Join(e.Below[:shown], ", "), len(e.Below)-shown)
	case len(e.Below) > 1:
		return fmt.Sprintf("no MLmodel in %s, but these directories have one: %s: use one of them", e.Dir, strings.Join(e.Below, ", "))
	case len(e.Found) == 0:
		return fmt.Sprintf("no MLmodel in %s: the directory is empty", e.Dir)
	case len(e.Found) > shown:
		return fmt.Sprintf("no MLmodel in %s: there is %s and %d more", e.Dir, strings.Join(e.Found[:shown], ", "), len(e.Found)-shown)
	default:
		return fmt.Sprintf("no MLmodel in %s: there is only %s", e.Dir, strings.Join(e.Found, ", "))
	}
}

// Unwrap returns the cause.
func (e *MissingModelError) Unwrap() error { return e.Err }
