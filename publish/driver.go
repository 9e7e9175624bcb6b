package publish

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/manifests"
)

// Driver is a connection to one target, and to the endpoint there that the
// target's name and the model's stand for. It does what only its kind can do. When
// it is called, in which order, and what happens if that fails is decided by
// Engine alone, so a Driver has no lock, no records and no retries of a
// deployment. The records that it is given are the endpoint's, newest first.
type Driver interface {
	// Diff returns what a deployment of the documents would change at the target as
	// it is now, and which conflicts it would refuse.
	Diff(ctx context.Context, records []Record, documents []manifests.Document) ([]Change, error)
	// Prepare finds out whether the target would take the plan's revision, as far as
	// that can be known without an effect on the endpoint, and gets what takes long
	// and hurts nobody, such as an image. It may be called while another deployment
	// has the endpoint. What it got is given back by Discard, if the Rollout has
	// that.
	Prepare(ctx context.Context, p *Plan) (Rollout, error)
	// Status returns how the newest deployed revision stands, nil for none. Its
	// Revision is filled in by the caller.
	Status(ctx context.Context, records []Record, newest *Record) (*Status, error)
	// Removals returns what Delete would remove; records only if users of the target
	// see them.
	Removals(ctx context.Context, records []Record) ([]Change, error)
	// Delete removes all of the endpoint but for the records. It is no error that
	// nothing is there, and it can be called again after it failed.
	Delete(ctx context.Context, records []Record) error
	// Close ends the connection.
	Close() error
}

// Plan is a deployment that is about to begin.
type Plan struct {
	// Record is what Create will be given. Prepare may set its Facts.
	Record Record
	// Previous is the newest deployed record, nil if there is none.
	Previous *Record
	// Earlier are all records, newest first.
	Earlier []Record
	// Options have their defaults filled in.
	Options ApplyOptions

	// MustWait is set by Prepare if requests must not be led to the revision before
	// it is ready, even with NoWait.
	MustWait bool
	// Stopped is set by Prepare if the previous revision does not run, so that no
	// error says that it does again.
	Stopped bool
}

// Rollout is one deployment at a target. It tells the Progress of its plan's
// options what it does. The Engine calls Recover for what
// abandoned deployments have left, Start, Ready until it is, Switch, Ready until
// it is, and then, the revision being recorded as deployed, Prune; or, if one of
// them but Prune fails or takes too long, Revert.
//
// Every step may be the last one: the process can die in it. So Revert and Recover
// find out at the target what was done. What a step has begun goes on when its
// context ends if the target could do it later at a time that nobody knows.
type Rollout interface {
	// Recover removes what an abandoned or failed deployment has left, if only that
	// has it. What the rollout itself replaces in Start or Revert can stay.
	Recover(ctx context.Context, left Record) error
	// Start brings the revision up, beside what is there: requests still go where
	// they went. Only a target that can itself replace one instance after the other
	// while they answer, as Kubernetes does with a Deployment, may do so here.
	Start(ctx context.Context) error
	// Ready looks once how the revision stands. The error is for a look that
	// failed, and for what the target says cannot become ready.
	Ready(ctx context.Context) (Readiness, error)
	// Switch leads requests to the revision, and stops the previous one if the
	// two cannot have the same place.
	Switch(ctx context.Context) error
	// Revert leaves what was there before Start: the previous revision is reached
	// again, and nothing of this one is left.
	Revert(ctx context.Context) error
	// Prune stops or removes what the previous revision had and this one does not
	// need.
	Prune(ctx context.Context) error
}

// Witness is a Rollout that knows what a server and its target said.
type Witness interface {
	// Evidence returns the last lines that the server printed, and what the target
	// said of it, before Revert removes it; nothing if they cannot be had. Cause is
	// why the deployment failed.
	Evidence(ctx context.Context, cause error) (log, events []string)
}

// Discarder is a Rollout whose Prepare got something that would stay.
type Discarder interface {
	// Discard gives back what Prepare got. It is called last after any failure,
	// also when another deployment has the endpoint.
	Discard(ctx context.Context) error
}

// Readiness is how a revision stands.
type Readiness struct {
	Ready bool
	// Object names the part of the endpoint that Message is about, "" for the
	// endpoint itself; Message says what is under way or missing.
	Object, Message string
	// Next is the pause until another look is worth it, 0 for the engine's.
	Next time.Duration
}

// UnreadyError is a revision that cannot become ready, by what Ready saw.
type UnreadyError struct {
	// Object names the part of the endpoint that Reason is about, "" for the
	// endpoint itself.
	Object, Reason string
	// Cause is the driver's own account, for its Evidence; nil for none.
	Cause error
}

// Error returns the reason, after the name of the object if it has one.
func (e *UnreadyError) Error() string {
	if e.Object == "" {
		return e.Reason
	}
	return e.Object + ": " + e.Reason
}

// Unwrap returns the driver's own account.
func (e *UnreadyError) Unwrap() error { return e.Cause }
