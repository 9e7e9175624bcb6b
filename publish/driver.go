package publish

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/manifests"
)

// Driver is a connection to one target and to one endpoint there. It does what is
// specific to its kind. The Engine alone decides which method is called when, and what
// follows a failure, so a Driver has no lock, no records and no retries of a rollout.
// The records that it is given are the endpoint's, newest first.
type Driver interface {
	// Diff returns what a rollout of the documents would change at the target now, and
	// which conflicts it would refuse.
	Diff(ctx context.Context, records []Record, documents []manifests.Document) ([]Change, error)
	// Prepare checks that the target would accept the plan's revision, as far as
	// possible without changing the endpoint, and fetches what takes long, such as an
	// image. It may be called while another rollout has the lock. A Rollout that
	// implements Discarder discards what was fetched.
	Prepare(ctx context.Context, p *Plan) (Rollout, error)
	// Status returns the status of the newest deployed revision, nil for none. The
	// caller fills in its Revision.
	Status(ctx context.Context, records []Record, newest *Record) (*Status, error)
	// Removals returns what Delete would remove, including records if users of the
	// target can see them.
	Removals(ctx context.Context, records []Record) ([]Change, error)
	// Delete removes everything of the endpoint but its records. It is idempotent, and
	// can be repeated after a failure.
	Delete(ctx context.Context, records []Record) error
	// Close ends the connection.
	Close() error
}

// Slow is a Driver whose target takes longer than others: a cloud that starts machines.
type Slow interface {
	// Limits returns the limits in the place of DefaultTimeout and CleanupLimit.
	Limits() Limits
}

// Limits are how long a target may take.
type Limits struct {
	// Ready limits each wait of a rollout unless ApplyOptions.Timeout is set.
	Ready time.Duration
	// Cleanup bounds reverting or completing a rollout.
	Cleanup time.Duration
}

// Plan describes a rollout that is about to begin.
type Plan struct {
	// Record is the record that Create will be given. Prepare may set its Facts.
	Record Record
	// Previous is the newest deployed record, nil if there is none.
	Previous *Record
	// Earlier are all records, newest first.
	Earlier []Record
	// Options have their defaults filled in.
	Options ApplyOptions

	// MustWait is set by Prepare if the revision must not get requests before it is
	// ready, even with NoWait.
	MustWait bool
	// Stopped is set by Prepare if the previous revision does not run, so that no error
	// claims that it runs again.
	Stopped bool
}

// Rollout is one rollout at a target. It reports to the Progress of its plan's options.
// The Engine calls Recover for each abandoned rollout, Start, Ready until the revision
// is ready, Switch, Ready again, and, once the revision is recorded as deployed, Prune.
// If one of them except Prune fails or takes too long, it calls Revert.
//
// The process can die in any step, so Revert and Recover find out at the target what
// was done. A step that the target could complete later, at an unknown time, completes
// even if its context ends.
type Rollout interface {
	// Recover removes what only an abandoned or failed rollout has left. What this
	// rollout replaces in Start or Revert may stay.
	Recover(ctx context.Context, left Record) error
	// Start starts the revision beside the present one, which keeps all requests. Only a
	// target that replaces instances one by one without losing requests, as Kubernetes
	// does with a Deployment, may route requests to it already.
	Start(ctx context.Context) error
	// Ready checks once whether the revision is ready. It returns an error if the check
	// failed, or if the revision cannot become ready.
	Ready(ctx context.Context) (Readiness, error)
	// Switch routes requests to the revision, and stops the previous one if the two
	// cannot run side by side.
	Switch(ctx context.Context) error
	// Revert restores what was there before Start: requests reach the previous revision,
	// and nothing of this one is left.
	Revert(ctx context.Context) error
	// Prune stops or removes what only the previous revision needs.
	Prune(ctx context.Context) error
}

// Witness is a Rollout that can quote the server's log and the target's events.
type Witness interface {
	// Evidence returns the last log lines of the server and the target's events, before
	// Revert removes them, or nothing if they are not available. Cause is why the
	// rollout failed.
	Evidence(ctx context.Context, cause error) (log, events []string)
}

// Discarder is a Rollout whose Prepare fetched something that would stay.
type Discarder interface {
	// Discard removes what Prepare fetched. It is called last after any failure, even if
	// another rollout has the lock.
	Discard(ctx context.Context) error
}

// Readiness is the state of a revision.
type Readiness struct {
	Ready bool
	// Object names the part of the endpoint that Message is about, "" for the endpoint
	// itself; Message is what is under way or missing.
	Object, Message string
	// Next is the pause before the next check, 0 for the engine's default.
	Next time.Duration
}

// UnreadyError reports a revision that cannot become ready.
type UnreadyError struct {
	// Object names the part of the endpoint that Reason is about, "" for the
	// endpoint itself.
	Object, Reason string
	// Cause is for the driver's own Evidence; it may be nil.
	Cause error
}

// Error returns the reason, after the name of the object if it has one.
func (e *UnreadyError) Error() string {
	if e.Object == "" {
		return e.Reason
	}
	return e.Object + ": " + e.Reason
}

// Unwrap returns Cause.
func (e *UnreadyError) Unwrap() error { return e.Cause }
