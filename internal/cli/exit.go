package cli

import (
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/spf13/cobra"
)

// The exit codes; exitCodesTopic explains them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitLock        = 3
	exitInput       = 4
	exitBuilder     = 5
	exitDifferent   = 6
	exitConflict    = 7
	exitBusy        = 8
	exitNotReady    = 9
	exitRolledBack  = 10
	exitInterrupted = 130
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `Exit codes

  0    done
  1    any other failure: a step of the build, a server, a push, a full disk, a
       target; "deployfile verify": the image differs. What a rollout had begun
       is reverted
  2    a wrong command line
  3    the lock is out of date, or is missing where --locked demands it
  4    the Deployfile, the model or a requirements file is missing or wrong
  5    there is no builder, or it went away during the build
  6    "deployfile diff" of targets: deploy would change something
  7    conflict: something else manages what would be overwritten, or the
       endpoint has another model; nothing was changed, a person has to decide
  8    busy: another rollout of the endpoint is in progress; nothing was
       changed, try again later
  9    not ready: the release did not become ready, and there is no earlier
       revision to restore, or it is deployed already (--no-wait)
  10   rolled back: the release did not become ready, and the previous revision
       was restored
  130  interrupted (Ctrl-C); the target's previous revision is restored

If several targets fail in different ways, 7 takes precedence over 8, 8 over 9 and 10
(whichever was first), and these over 1; --json has the "failure" of each.

"deployfile run", "open" and "logs --follow" that are stopped by Ctrl-C while they
do what they are for exit with 0. "deployfile deploy --dry-run" exits with 0 whether
it would change something or not, and so does "deployfile diff" of two locks or
images.`,
	}
}

var errInterrupted = errors.New("interrupted")

// interrupted returns the error after Ctrl-C: of the original one it keeps only what a
// target reports that it serves now.
func interrupted(err error) error {
	if is[*deploy.AbortedError](err) {
		return fmt.Errorf("%w: %w", errInterrupted, err)
	}
	return errInterrupted
}

// usageError is a wrong command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func exitCode(err error) int {
	if code, ok := failureCode(err); ok {
		return code
	}
	switch {
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case is[*usageError](err), is[*build.UsageError](err):
		return exitUsage
	case is[*differentError](err):
		return exitDifferent
	case is[*frontend.StaleLockError](err), is[*frontend.NoLockError](err), is[*lockChangeError](err):
		return exitLock
	case is[*builder.NotFoundError](err), is[*builder.GoneError](err):
		return exitBuilder
	case is[*resolver.StepError](err), is[*resolver.NoWheelError](err), is[*resolver.RequirementError](err), is[*frontend.ImageError](err),
		is[*builder.DiskFullError](err):
		return exitFailed
	case is[deployfile.Errors](err), is[*deploy.PlatformError](err), is[*build.NoFileError](err), is[*mlmodel.MissingModelError](err),
		is[*mlmodel.NoPyfuncError](err), is[*mlmodel.SourceError](err), len(errdefs.Sources(err)) > 0,
		untrusted.Refused(err):
		return exitInput
	}
	return exitFailed
}

// errorKind names an exit code.
func errorKind(code int) report.ErrorKind {
	switch code {
	case exitUsage:
		return report.ErrorUsage
	case exitLock:
		return report.ErrorLock
	case exitInput:
		return report.ErrorInput
	case exitBuilder:
		return report.ErrorBuilder
	case exitDifferent:
		return report.ErrorDifferent
	case exitConflict:
		return report.ErrorConflict
	case exitBusy:
		return report.ErrorBusy
	case exitNotReady:
		return report.ErrorNotReady
	case exitRolledBack:
		return report.ErrorRolledBack
	case exitInterrupted:
		return report.ErrorInterrupted
	}
	return report.ErrorFailed
}

// failureCode returns the exit code of what went wrong at a target, false if that has none
// of its own.
func failureCode(err error) (int, bool) {
	switch deploy.FailureOf(err) {
	case report.FailureConflict:
		return exitConflict, true
	case report.FailureBusy:
		return exitBusy, true
	case report.FailureNotReady:
		return exitNotReady, true
	case report.FailureRolledBack:
		return exitRolledBack, true
	}
	return 0, false
}

func is[T error](err error) bool {
	var t T
	return errors.As(err, &t)
}
