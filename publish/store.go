package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Phase is the progress of a revision's rollout.
type Phase string

// The phases of a Record. A Store may keep Switching as Applying.
const (
	// Applying is a rollout before the switch: requests still go to the previous
	// revision.
	Applying Phase = "applying"
	// Switching is a rollout that routes requests to the new revision, or is about to.
	Switching Phase = "switching"
	// Deployed is a revision that became ready.
	Deployed Phase = "deployed"
	// Failed is a rollout whose revert failed, or whose record cannot be deleted:
	// the next rollout removes what is left.
	Failed Phase = "failed"
)

// Record is a revision as stored at its target, with the progress of its rollout.
type Record struct {
	Revision
	Phase Phase
	// Attempt distinguishes this rollout from others of a revision with this number.
	Attempt string
	// Deadline is when the rollout counts as abandoned unless Update extends
	// it, to the second. It is zero when the rollout has ended. A Store may
	// forget it when a record becomes Deployed.
	Deadline time.Time
	// Facts are the Driver's own data about the revision, such as the digest that the
	// image has at the target. Create stores them, Update does not.
	Facts map[string]string
}

// underWay reports whether a rollout holds the lock, or held it when it died. One
// that is deployed may still be removing what was there before.
func (r Record) underWay() bool { return r.unfinished() || r.Phase == Deployed && !r.Deadline.IsZero() }

// unfinished reports whether a rollout was not committed.
func (r Record) unfinished() bool { return r.Phase == Applying || r.Phase == Switching }

// same reports whether two records are those of one rollout.
func (r Record) same(other Record) bool {
	return r.Number == other.Number && r.Attempt == other.Attempt
}

// Store keeps the records of one endpoint, at its target. Creating the record of a
// revision locks the endpoint, so only the Store keeps two rollouts apart. Others may
// have written what it reads: it limits how much it reads and refuses what it did not
// write.
type Store interface {
	// List returns all records, in any order.
	List(ctx context.Context) ([]Record, error)
	// Create creates a record. If several create one with the same number, exactly one
	// succeeds and the others get an error that wraps ErrExists. After any other error,
	// Delete is called, because the record or a part of it may exist.
	Create(ctx context.Context, r Record) error
	// Update sets the phase and the deadline of the record with the number and the
	// attempt of r. The error wraps ErrGone if that record does not exist.
	Update(ctx context.Context, r Record) error
	// Delete removes the record with the number and the attempt of r, but not one that
	// has replaced it. It is idempotent.
	Delete(ctx context.Context, r Record) error
	// Lease is how far a renewal extends the deadline. It is 0 if the store cannot
	// change a deadline: then the first one covers the whole rollout.
	Lease() time.Duration
}

// Clock is a Store whose clock all rollouts of its endpoint share. Without one, an
// expired deadline is watched for as long as its owner could take to renew it, because
// the clocks of two machines differ.
type Clock interface {
	// Now returns the store's time.
	Now(ctx context.Context) (time.Time, error)
}

// ErrExists is wrapped by the error of Store.Create for a number that is taken.
var ErrExists = errors.New("there is a record of this revision already")

// ErrGone is wrapped by the error of Store.Update for a missing record.
var ErrGone = errors.New("the record of this revision is gone")

// list returns all records, newest first; of one number, the deployed one first.
func list(ctx context.Context, s Store) ([]Record, error) {
	records, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(records, func(a, b Record) int {
		if a.Number == b.Number && a.Phase != b.Phase && a.Phase == Deployed {
			return -1
		}
		return b.Number - a.Number
	})
	return records, nil
}

// NewestDeployed returns the newest deployed record, nil without one. The records are
// sorted, newest first.
func NewestDeployed(records []Record) *Record {
	for i := range records {
		if records[i].Phase == Deployed {
			return &records[i]
		}
	}
	return nil
}

// expired returns the records to remove after the rollout of the one with the given
// number: all that failed or were abandoned, and all deployed ones but the newest few.
func expired(records []Record, number int) []Record {
	var out []Record
	kept := 1 // the new one
	for _, r := range records {
		switch {
		case r.Number >= number:
		case r.Phase == Deployed && kept < KeepRevisions:
			kept++
		default:
			out = append(out, r)
		}
	}
	return out
}

// busy returns the error for an endpoint that another rollout has locked.
func busy(endpoint string, r Record) *BusyError {
	e := &BusyError{Endpoint: endpoint, By: r.By, Since: r.At}
	if r.underWay() && time.Now().Before(r.Deadline) {
		e.Until = r.Deadline
	}
	return e
}

// lostError reports a lock that another rollout has taken over.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	return fmt.Sprintf("another deployment has taken over: %v", e.cause)
}
func (e *lostError) Unwrap() error { return e.cause }
