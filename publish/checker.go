package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Checker is a Publisher that knows before anything is built what would fail later.
type Checker interface {
	// Check asks the target, and changes nothing. What cannot be asked is a Finding
	// itself: whoever may only deploy can do so.
	Check(ctx context.Context) []Finding
}

// Finding is something that a deployment would fail at, or may.
type Finding struct {
	// Keys name the key of the target's table that it is about; none is the table itself.
	Keys []string
	// Warning reports that the deployment may succeed all the same.
	Warning bool
	// Message is what is wrong, Hint what to do about it, or "".
	Message, Hint string
}

// Findings collects what a Checker finds. The zero value has nothing.
type Findings struct {
	found []Finding
	// unasked are what could not be asked, with the reasons.
	unasked []string
}

// Fail adds what a deployment would fail at.
func (f *Findings) Fail(message, hint string, keys ...string) {
	f.found = append(f.found, Finding{Keys: keys, Message: message, Hint: hint})
}

// Warn adds what a deployment may succeed with all the same.
func (f *Findings) Warn(message, hint string, keys ...string) {
	f.found = append(f.found, Finding{Keys: keys, Message: message, Hint: hint, Warning: true})
}

// Unasked adds what could not be asked. The reason is the code that the target has
// answered with, "" if it has not, and the error then says why.
func (f *Findings) Unasked(what, code string, err error) {
	switch {
	case code != "":
	case errors.Is(err, context.DeadlineExceeded):
		code = "no answer"
	default:
		code = err.Error()
	}
	f.unasked = append(f.unasked, fmt.Sprintf("%s (%s)", what, code))
}

// All returns what was found. All that could not be asked is one warning, with a hint at
// what it needs.
func (f *Findings) All(hint string) []Finding {
	if len(f.unasked) > 0 {
		f.Warn("not checked before the build: "+strings.Join(f.unasked, ", "), hint)
	}
	return f.found
}
