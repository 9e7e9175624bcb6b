package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/deployfile/deployfile/manifests"
)

// Engine is the Publisher of every kind of target. It deploys by one protocol over a
// Store and a Driver:
//
//	free      no other rollout is under way, or it is abandoned
//	prepare   check that the target would accept the revision
//	claim     create the record, which is the lock; renew its deadline until the end
//	recover   remove what abandoned rollouts have left
//	start     start the revision beside the present one
//	wait      until it is ready
//	switch    route requests to it
//	wait      until it is ready behind the routing
//	commit    mark the record as deployed
//	prune     stop the previous revision, and drop records too old to keep
//
// If anything before the commit fails, takes too long or is interrupted, the rollout is
// reverted and its record removed. If the process dies, its record stays, and the next
// rollout begins with what it has left.
type Engine struct {
	endpoint string
	store    Store
	driver   Driver
}

var _ Publisher = (*Engine)(nil)

// NewEngine returns the Publisher of an endpoint. The name is for messages.
func NewEngine(endpoint string, s Store, d Driver) *Engine {
	return &Engine{endpoint: endpoint, store: s, driver: d}
}

// Parts returns the engine's Store and Driver, for tests that inject faults.
func (e *Engine) Parts() (Store, Driver) { return e.store, e.driver }

// Endpoint implements Publisher.
func (e *Engine) Endpoint() string { return e.endpoint }

// Limits returns how long the endpoint's target may take.
func (e *Engine) Limits() Limits {
	if s, ok := e.driver.(Slow); ok {
		return s.Limits()
	}
	return Limits{Ready: DefaultTimeout, Cleanup: CleanupLimit}
}

// limitsOf returns the limits of a publisher.
func limitsOf(p Publisher) Limits {
	if s, ok := p.(Slow); ok {
		return s.Limits()
	}
	return Limits{Ready: DefaultTimeout, Cleanup: CleanupLimit}
}

// Revisions implements Publisher.
func (e *Engine) Revisions(ctx context.Context) ([]Revision, error) {
	records, err := list(ctx, e.store)
	if err != nil {
		return nil, err
	}
	var out []Revision
	for _, r := range records {
		if r.Phase == Deployed {
			out = append(out, r.Revision)
		}
	}
	return out, nil
}

// Diff implements Publisher.
func (e *Engine) Diff(ctx context.Context, documents []manifests.Document) ([]Change, error) {
	records, err := list(ctx, e.store)
	if err != nil {
		return nil, err
	}
	return e.driver.Diff(ctx, records, documents)
}

// Status implements Publisher.
func (e *Engine) Status(ctx context.Context) (*Status, error) {
	records, err := list(ctx, e.store)
	if err != nil {
		return nil, err
	}
	newest := NewestDeployed(records)
	s, err := e.driver.Status(ctx, records, newest)
	if err != nil {
		return nil, err
	}
	if newest != nil {
		s.Revision = &newest.Revision
	}
	for _, r := range records {
		if !r.unfinished() {
			continue
		}
		now, _, err := e.now(ctx)
		if err != nil {
			return nil, err
		}
		under := fmt.Sprintf("revision %d is being deployed by %s since %s", r.Number, r.By, r.At.UTC().Format(time.RFC3339))
		if now.After(r.Deadline) {
			under = fmt.Sprintf("the deployment of revision %d by %s was abandoned: deploy again", r.Number, r.By)
		}
		if s.Message != "" {
			under = s.Message + "; " + under
		}
		s.Message = under
		break
	}
	return s, nil
}

// Removals implements Publisher.
func (e *Engine) Removals(ctx context.Context) ([]Change, error) {
	records, err := list(ctx, e.store)
	if err != nil {
		return nil, err
	}
	return e.driver.Removals(ctx, records)
}

// Delete implements Publisher. It deletes the records last, the newest at the end, so
// that it can be repeated after a failure. The error is a *BusyError while a rollout is
// under way.
func (e *Engine) Delete(ctx context.Context) error {
	records, err := list(ctx, e.store)
	if err != nil {
		return err
	}
	if err := e.free(ctx, records, func(string) {}); err != nil {
		return err
	}
	if err := e.driver.Delete(ctx, records); err != nil {
		return err
	}
	var failed []error
	for _, r := range slices.Backward(records) {
		failed = append(failed, e.store.Delete(ctx, r))
	}
	return errors.Join(failed...)
}

// Close implements Publisher.
func (e *Engine) Close() error { return e.driver.Close() }
