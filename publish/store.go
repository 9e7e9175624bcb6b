package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Phase says how far the deployment of a revision has come.
type Phase string

// The phases of a Record. A Store may keep Switching as Applying.
const (
	// Applying is a deployment under way: requests still go where they went before.
	Applying Phase = "applying"
	// Switching is a deployment that leads requests to the new revision, or is about
	// to.
	Switching Phase = "switching"
	// Deployed is a revision that was ready.
	Deployed Phase = "deployed"
	// Failed is a deployment whose revert failed, or whose record cannot be deleted:
	// the next deployment removes what is left.
	Failed Phase = "failed"
)

// Record is a revision as it is kept at its target, and how far its deployment
// has come.
type Record struct {
	Revision
	Phase Phase
	// Attempt tells this deployment from any other of a revision with this number.
	Attempt string
	// Deadline is when the deployment counts as abandoned unless Update extends
	// it, to the second. It is zero when the deployment has ended. A Store may
	// forget it when a record becomes Deployed.
	Deadline time.Time
	// Facts are what the Driver remembers with the revision, such as the digest
	// that the image has at the target. Create stores them, Update does not.
	Facts map[string]string
}

// underWay says that a deployment holds the lock, or held it when it died. One
// that is deployed may still be removing what was there before.
func (r Record) underWay() bool { return r.unfinished() || r.Phase == Deployed && !r.Deadline.IsZero() }

// unfinished says that a deployment was not committed.
func (r Record) unfinished() bool { return r.Phase == Applying || r.Phase == Switching }

// same says that two records are those of one deployment.
func (r Record) same(other Record) bool {
	return r.Number == other.Number && r.Attempt == other.Attempt
}

// Store keeps the records of one endpoint, at its target. Making the record of a
// revision locks the endpoint, so a Store is all that keeps two deployments apart.
// What it reads back may have been written by others: it bounds what it reads and
// refuses what it did not write.
type Store interface {
	// List returns all records, in any order.
	List(ctx context.Context) ([]Record, error)
	// Create makes a record. Of all that create a record with one number, one
	// succeeds, and the others get an error that wraps ErrExists. After an error of
	// any other kind, Delete is called: the record may be there, or a part of it.
	Create(ctx context.Context, r Record) error
	// Update sets the phase and the deadline of the record with the number and the
	// attempt of r. The error wraps ErrGone if there is no such record any more.
	Update(ctx context.Context, r Record) error
	// Delete removes the record with the number and the attempt of r, and nothing
	// that has come in its place. It is no error if there is none.
	Delete(ctx context.Context, r Record) error
	// Lease is by how much a deadline is extended at a time. It is 0 if the store
	// cannot change a deadline: then the first one covers the whole deployment.
	Lease() time.Duration
}

// Clock is a Store with a clock that is the same for all who deploy to its
// endpoint. Without one, a deadline that has passed is watched for as long as
// its owner could take to extend it, because the clocks of two machines differ.
type Clock interface {
	// Now returns the store's time.
	Now(ctx context.Context) (time.Time, error)
}

// ErrExists is wrapped by Store.Create's error for a number that is taken.
var ErrExists = errors.New("there is a record of this revision already")

// ErrGone is wrapped by Store.Update's error for a record that is not there.
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

// NewestDeployed returns the first of records, newest first, that was deployed; nil
// if none was.
func NewestDeployed(records []Record) *Record {
	for i := range records {
		if records[i].Phase == Deployed {
			return &records[i]
		}
	}
	return nil
}

// expired returns the records that are not kept after the deployment of one with
// the given number: all that failed or were abandoned, and deployed ones but for
// the newest.
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

// busy is the error for an endpoint that another deployment has.
func busy(endpoint string, r Record) *BusyError {
	e := &BusyError{Endpoint: endpoint, By: r.By, Since: r.At}
	if r.underWay() && time.Now().Before(r.Deadline) {
		e.Until = r.Deadline
	}
	return e
}

// lostError is a lock that another deployment has taken over.
type lostError struct{ cause error }

func (e *lostError) Error() string {
	return fmt.Sprintf("another deployment has taken over: %v", e.cause)
}
func (e *lostError) Unwrap() error { return e.cause }
