package deploy

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// AbortedError reports an interrupted change of a target.
type AbortedError struct {
	// Err says what the target has now.
	Err error
}

// Error says what the target has now.
func (e *AbortedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *AbortedError) Unwrap() error { return e.Err }

// FailureOf returns which kind of failure an error of a verb is, "" for nil.
func FailureOf(err error) report.Failure {
	var (
		aborted  *AbortedError
		conflict *publish.ConflictError
		other    *publish.OtherModelError
		busy     *publish.BusyError
		notReady *publish.NotReadyError
		pending  *publish.PendingError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &aborted), errors.Is(err, context.Canceled):
		return report.FailureInterrupted
	case errors.As(err, &conflict), errors.As(err, &other):
		return report.FailureConflict
	case errors.As(err, &busy):
		return report.FailureBusy
	case errors.As(err, &notReady) && notReady.Restored > 0:
		return report.FailureRolledBack
	case errors.As(err, &notReady), errors.As(err, &pending):
		return report.FailureNotReady
	}
	return report.FailureOther
}

// problem is an error as it is reported.
func problem(err error) report.Problem {
	if err == nil {
		return report.Problem{}
	}
	return report.Problem{Error: err.Error(), Failure: FailureOf(err)}
}
