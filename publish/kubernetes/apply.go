package kubernetes

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/deployfile/deployfile/publish"
)

// deployment is one call of Apply.
type deployment struct {
	*Publisher
	o        publish.ApplyOptions
	progress func(format string, a ...any)

	// objects are those of the new revision, previous those of the one that is
	// served, others those of all that are recorded.
	objects, previous, others []object
	served                    *record
	// before is what was there when the deployment began.
	before snapshot
	// older is what KServe had made then.
	older madeByKServe
	mine  *record
}

// Apply implements publish.Publisher. First everything is tried without
// effect, so that what the cluster would refuse changes nothing. Then
// workloads are applied and waited for, then Services and what else leads
// requests to them, and last what the revision before had and this one has not
// is removed. With NoWait the workloads are not waited for, unless a Service
// is to lead to other ones than before.
func (p *Publisher) Apply(ctx context.Context, revision publish.Revision, o publish.ApplyOptions) error {
	if o.Timeout <= 0 {
		o.Timeout = publish.DefaultTimeout
	}
	d := &deployment{Publisher: p, o: o, progress: func(format string, a ...any) {
		if o.Progress != nil {
			o.Progress(fmt.Sprintf(format, a...))
		}
	}}
	records, err := d.prepare(ctx, revision)
	if err != nil {
		return err
	}
	if d.mine, err = p.begin(ctx, revision, records); err != nil {
		return err
	}
	defer p.renew(ctx, d.mine.name)()
	limited, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if err := d.carryOut(limited); err != nil {
		return d.giveUp(ctx, limited, err)
	}
	return d.finish(ctx, records)
}

// prepare reads what is there and tries whether the cluster accepts the new
// revision.
func (d *deployment) prepare(ctx context.Context, revision publish.Revision) ([]record, error) {
	records, err := d.recordsHere(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.free(ctx, records, d.progress); err != nil {
		return nil, err
	}
	if d.objects, err = d.Publisher.objects(ctx, revision.Documents); err != nil {
		return nil, err
	}
	if d.served = deployed(records); d.served != nil {
		if d.previous, err = d.known(ctx, *d.served); err != nil {
			return nil, err
		}
	}
	for _, r := range records {
		more, err := d.known(ctx, r)
		if err != nil {
			return nil, err
		}
		d.others = append(d.others, more...)
	}
	if err := d.permitted(ctx, d.objects); err != nil {
		return nil, err
	}
	if d.before, err = d.snapshot(ctx, d.objects); err != nil {
		return nil, err
	}
	if d.older, err = d.madeFor(ctx, d.objects); err != nil {
		return nil, err
	}
	return records, d.tryOut(ctx)
}

// carryOut makes the cluster what the new revision says.
func (d *deployment) carryOut(ctx context.Context) error {
	var workloads, traffic []object
	for _, o := range d.objects {
		// What is not there yet leads nobody astray, and the cluster's proxies
		// need a moment to learn of it.
		fresh := o.GetKind() == "Service" && d.before[o.key()] == nil
		if carriesTraffic(o) && !fresh {
			traffic = append(traffic, o)
		} else {
			workloads = append(workloads, o)
		}
	}
	for _, o := range workloads {
		if err := d.applyOne(ctx, o); err != nil {
			return err
		}
	}
	if !d.o.NoWait || redirects(d.previous, d.objects) {
		if err := d.waitFor(ctx, workloads); err != nil {
			return err
		}
	}
	if err := d.stillMine(ctx, d.mine); err != nil {
		return err
	}
	for _, o := range traffic {
		if err := d.applyOne(ctx, o); err != nil {
			return err
		}
	}
	if !d.o.NoWait {
		return d.waitFor(ctx, traffic)
	}
	return nil
}

// finish removes what is no longer needed. The revision is served by now, so
// the end of ctx does not undo it.
func (d *deployment) finish(ctx context.Context, records []record) error {
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := d.setPhase(fresh, d.mine.name, phaseDeployed); err != nil {
		return err
	}
	d.mine.phase = phaseDeployed
	for _, o := range without(d.others, d.objects) {
		if err := d.prune(fresh, o); err != nil {
			return fmt.Errorf("%s serves revision %d, but something of before is left, which the next deployment removes: %w", d.endpoint, d.mine.Number, err)
		}
	}
	for _, r := range expired(append([]record{*d.mine}, records...)) {
		if err := d.forget(fresh, r.name); err != nil {
			return err
		}
	}
	return nil
}

// giveUp brings back what was served before and returns the error to report
// for failure. Ctx is the caller's, limited the one that ends with the
// timeout.
func (d *deployment) giveUp(ctx, limited context.Context, failure error) error {
	var busy *publish.BusyError
	if errors.As(failure, &busy) {
		// It belongs to somebody else now.
		return failure
	}
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	if err := d.stillMine(fresh, d.mine); errors.As(err, &busy) {
		return errors.Join(failure, err)
	}
	restored := 0
	if d.served != nil {
		restored = d.served.Number
	}
	var stuck *stuckError
	interrupted := ctx.Err() != nil
	switch {
	case interrupted:
		failure = fmt.Errorf("the deployment of %s was interrupted; %s: %w", d.endpoint, consequence(restored), context.Cause(ctx))
	case errors.As(failure, &stuck):
		failure = d.notReady(fresh, stuck, restored)
	case limited.Err() != nil:
		failure = &publish.NotReadyError{Endpoint: d.endpoint, Reason: fmt.Sprintf("the cluster did not take it within %s: %v", d.o.Timeout, failure), Restored: restored}
	default:
		failure = fmt.Errorf("%w; %s", failure, consequence(restored))
	}
	if d.served != nil {
		d.progress("bringing back revision %d", restored)
	} else {
		d.progress("removing what was started")
	}
	if err := d.restore(fresh); err != nil {
		// The record stays, so that the next deployment removes what is left.
		_ = d.setPhase(fresh, d.mine.name, phaseFailed)
		return fmt.Errorf("%w\nThis did not succeed: %w: deploy again, or delete the endpoint", failure, err)
	}
	if err := d.forget(fresh, d.mine.name); err != nil {
		return errors.Join(failure, err)
	}
	return failure
}

func consequence(restored int) string {
	if restored > 0 {
		return fmt.Sprintf("revision %d is served again", restored)
	}
	return "what had been started of it is removed"
}

// redirects says that a Service selects other pods than before.
func redirects(previous, objects []object) bool {
	selectors := map[key]string{}
	for _, o := range previous {
		if o.GetKind() == "Service" {
			selectors[o.key()] = selectorText(o)
		}
	}
	for _, o := range objects {
		if was, ok := selectors[o.key()]; ok && was != selectorText(o) {
			return true
		}
	}
	return false
}

func selectorText(o object) string {
	selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector")
	return labels.FormatLabels(selector)
}
