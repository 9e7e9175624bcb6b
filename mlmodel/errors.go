package mlmodel

import (
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
)

// SourceError is a fault in one of the files read, at a place a user can go
// to. It never holds a credential: whatever looks like one is cut out of its
// texts.
type SourceError struct {
	// File is relative to the root of the file system that was read.
	File string
	// Line counts from 1; 0 if the fault is the file itself (it cannot be read).
	Line int
	// Text is the line, credentials cut out; "" if there is none to show.
	Text string
	// Message says what is wrong, Hint what to do next ("" if there is nothing
	// to add).
	Message, Hint string
	// Err is the cause, if there is one.
	Err error
}

// Error gives "file:line: message (hint)".
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

// Unwrap gives the cause.
func (e *SourceError) Unwrap() error { return e.Err }

func newSourceError(file string, line int, text, message, hint string) *SourceError {
	return &SourceError{
		File: file, Line: line, Text: cropped(redact.Cut(strings.TrimSpace(text))),
		Message: cropped(redact.Cut(message)), Hint: hint,
	}
}

// cropped leaves out the end of what nobody reads to it.
func cropped(text string) string {
	const most = 2000
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// NoPyfuncError says that a model has no python_function flavour, so that
// nothing here can serve it.
type NoPyfuncError struct {
	// File is MLmodel's path, Line where its flavors stand (1 if it has none).
	File string
	Line int
	// Flavors are those that there are, sorted.
	Flavors []string
}

func (e *NoPyfuncError) Error() string {
	have := "it has no flavors at all"
	if len(e.Flavors) > 0 {
		have = "its flavors are " + strings.Join(e.Flavors, ", ")
	}
	return fmt.Sprintf("%s:%d: the model has no python_function flavor; %s (log it with mlflow.pyfunc, or with a flavor that adds python_function)",
		e.File, e.Line, have)
}

// MissingModelError says that a folder holds no MLmodel file.
type MissingModelError struct {
	// Dir is the folder that was looked into.
	Dir string
	// Found are the names in it, sorted, a folder's with a slash at its end;
	// nil if the folder itself is not there.
	Found []string
	// Below are the folders one level down that do hold an MLmodel.
	Below []string
	// Err is why the folder could not be read, if that is so.
	Err error
}

func (e *MissingModelError) Error() string {
	const shown = 8
	switch {
	case e.Err != nil:
		return fmt.Sprintf("no MLflow Model in %s: %v", e.Dir, e.Err)
	case len(e.Below) == 1:
		return fmt.Sprintf("no MLmodel in %s, but there is one in %s: use that folder", e.Dir, e.Below[0])
	case len(e.Below) > 1:
		return fmt.Sprintf("no MLmodel in %s, but these folders have one: %s: use one of them", e.Dir, strings.Join(e.Below, ", "))
	case len(e.Found) == 0:
		return fmt.Sprintf("no MLmodel in %s: the folder is empty", e.Dir)
	case len(e.Found) > shown:
		return fmt.Sprintf("no MLmodel in %s: there is %s and %d more", e.Dir, strings.Join(e.Found[:shown], ", "), len(e.Found)-shown)
	default:
		return fmt.Sprintf("no MLmodel in %s: there is only %s", e.Dir, strings.Join(e.Found, ", "))
	}
}

// Unwrap gives the cause.
func (e *MissingModelError) Unwrap() error { return e.Err }
