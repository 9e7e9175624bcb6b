package publish

import (
	"fmt"
	"strings"
	"time"
)

// NotReadyError reports a revision that did not become ready.
type NotReadyError struct {
	// Endpoint is its name, Reason what the target reports.
	Endpoint, Reason string
	// Log are the server's last log lines, Events the target's events about it; either
	// may be empty.
	Log, Events []string
	// Restored is the number of the revision that was restored, 0 for none.
	Restored int
}

// Error returns the reason, the events and the last log lines, and what answers now,
// over several lines.
func (e *NotReadyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s does not serve: %s", e.Endpoint, e.Reason)
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(&b, "\n%s:\n  %s", title, strings.Join(lines, "\n  "))
		}
	}
	section("events", e.Events)
	section("last lines of its log", e.Log)
	if e.Restored > 0 {
		fmt.Fprintf(&b, "\nrevision %d is served again", e.Restored)
	} else {
		b.WriteString("\nwhat had been started of it is removed")
	}
	return b.String()
}

// PendingError reports a revision that is deployed already, and did not become ready
// while a verb waited for it. Nothing was changed.
type PendingError struct {
	Endpoint string
	// Revision is its number.
	Revision int
	// Message is what it waits for, Err why the wait ended.
	Message string
	Err     error
}

// Error says how long the wait was.
func (e *PendingError) Error() string {
	return fmt.Sprintf("revision %d of %s is what was asked for, and is not ready (%v): %s", e.Revision, e.Endpoint, e.Err, e.Message)
}

// Unwrap returns why the wait ended.
func (e *PendingError) Unwrap() error { return e.Err }

// ConflictError reports fields or an object that another manager of the target has set.
type ConflictError struct {
	// Object is the object, Details the fields and their managers.
	Object  string
	Details []string
}

// Error names the object and the fields, and the flag that overwrites them.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s was changed by others: %s; nothing is overwritten unless --force-conflicts says so", e.Object, strings.Join(e.Details, "; "))
}

// BusyError reports another rollout of the same endpoint that is under way.
type BusyError struct {
	Endpoint, By string
	Since        time.Time
	// Until is when the lock expires unless it is renewed, zero if that is unknown.
	Until time.Time
}

// Error says who holds the lock, since when and, if known, until when.
func (e *BusyError) Error() string {
	text := fmt.Sprintf("%s is being deployed by %s since %s: wait for it to end", e.Endpoint, e.By, e.Since.UTC().Format(time.RFC3339))
	if !e.Until.IsZero() {
		text += fmt.Sprintf("; if it was killed, try again after %s", e.Until.UTC().Format(time.TimeOnly+" MST"))
	}
	return text
}

// OtherModelError reports an endpoint that has another model than the one to deploy:
// two Deployfiles name the same endpoint.
type OtherModelError struct {
	// Serves is the model that the endpoint has, Model the other one.
	Endpoint, Serves, Model string
}

// Error names both models and the two ways out.
func (e *OtherModelError) Error() string {
	return fmt.Sprintf("%s serves the model %q, and this is %q: set another endpoint for the target, or replace the model with --force-conflicts", e.Endpoint, e.Serves, e.Model)
}

// NothingError reports an endpoint at which nothing is deployed.
type NothingError struct{ Endpoint string }

// Error names the endpoint and the command that deploys it.
func (e *NothingError) Error() string {
	return fmt.Sprintf("nothing is deployed as %s: deployfile deploy does that", e.Endpoint)
}

// LastRevisionError reports an endpoint whose newest revision has the highest possible
// number. No rollout writes it, because that would take one a second for 68 years.
type LastRevisionError struct {
	Endpoint string
	// Number is that of the newest revision.
	Number int
}

// Error says which record to delete.
func (e *LastRevisionError) Error() string {
	return fmt.Sprintf("revision %d of %s has the highest number that there is, and was not written by deployfile: delete its record at the target", e.Number, e.Endpoint)
}
