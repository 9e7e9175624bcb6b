package azureml

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/publish"
)

// driver is the publish.Driver of an endpoint.
type driver struct{ *connection }

var (
	_ publish.Driver = (*driver)(nil)
	_ publish.Slow   = (*driver)(nil)
)

// Limits implements publish.Slow. Machines take minutes to start, and what is under way
// can be neither changed nor deleted.
func (d *driver) Limits() publish.Limits {
	return publish.Limits{Ready: 45 * time.Minute, Cleanup: 90 * time.Minute}
}

// conflict returns an error for an endpoint that something else has made or changed.
func (c *connection) conflict(e *api.OnlineEndpoint, ds map[string]*api.OnlineDeployment) *publish.ConflictError {
	if e == nil || e.Properties == nil {
		return nil
	}
	out := &publish.ConflictError{Object: "endpoint " + c.endpoint}
	if !c.own(e.Tags) {
		out.Details = append(out.Details, "it was not made by deployfile")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Properties.Traffic)) {
		if deref(e.Properties.Traffic[name]) > 0 && (ds[name] == nil || !c.own(ds[name].Tags)) {
			out.Details = append(out.Details, fmt.Sprintf("%d %% of its requests go to deployment %s, which is no revision's", deref(e.Properties.Traffic[name]), name))
		}
	}
	if out.Details == nil {
		return nil
	}
	return out
}

// Prepare implements publish.Driver.
func (d *driver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	w, err := d.parse(p.Record.Documents)
	if err != nil {
		return nil, err
	}
	if _, err := d.locate(ctx); err != nil {
		return nil, err
	}
	d.scales(p.Earlier, p.Record.Documents...)
	e, ds, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	conflict := d.conflict(e, ds)
	if conflict != nil && !p.Options.ForceConflicts {
		return nil, conflict
	}
	r := &rollout{driver: d, plan: p, wanted: w, asked: requests{}}
	switch {
	case p.Previous != nil:
		if r.before, err = d.parse(p.Previous.Documents); err != nil {
			return nil, fmt.Errorf("revision %d: %w", p.Previous.Number, err)
		}
	case conflict != nil:
		// What somebody else has made is served again, if it is overwritten in vain.
		r.before = foreign(e)
	}
	p.Stopped = e == nil || stateOf(e) == "Failed"
	// Traffic must not go to what is not ready.
	p.MustWait = true
	return r, nil
}

// foreign returns an endpoint as somebody else has made it.
func foreign(e *api.OnlineEndpoint) *wanted {
	w := &wanted{endpoint: api.OnlineEndpoint{Tags: e.Tags, Kind: e.Kind}}
	if e.Identity != nil {
		w.endpoint.Identity = &api.ManagedServiceIdentity{Type: e.Identity.Type, UserAssignedIdentities: map[string]*api.UserAssignedIdentity{}}
		for id := range e.Identity.UserAssignedIdentities {
			w.endpoint.Identity.UserAssignedIdentities[id] = &api.UserAssignedIdentity{}
		}
	}
	w.endpoint.Properties = &api.OnlineEndpointProperties{
		AuthMode: e.Properties.AuthMode, Traffic: e.Properties.Traffic, MirrorTraffic: e.Properties.MirrorTraffic,
		PublicNetworkAccess: e.Properties.PublicNetworkAccess, Description: e.Properties.Description, Compute: e.Properties.Compute,
	}
	return w
}

// Status implements publish.Driver.
func (d *driver) Status(ctx context.Context, _ []publish.Record, newest *publish.Record) (*publish.Status, error) {
	e, ds, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	s := &publish.Status{}
	if e == nil {
		if newest != nil {
			s.Message = "there is no endpoint " + d.endpoint + " any more"
		}
		return s, nil
	}
	if newest == nil {
		return s, nil
	}
	w, err := d.parse(newest.Documents)
	if err != nil {
		return nil, err
	}
	for i, r := range w.releases() {
		slot := newest.State.Slots()[i]
		s.Instances = append(s.Instances, instance(r, ds[r.name], slot.Image, slot.Track))
	}
	var out publish.Readiness
	switch {
	case busyWith(e, ds, &out):
		s.Message = out.Object + ": " + out.Message
	case stateOf(e) != "Succeeded":
		s.Message = "it is " + stateOf(e)
	case differs(w.endpoint, e):
		s.Message = "its traffic or its keys are not those of the revision: deployfile diff shows them"
	default:
		s.Ready = true
	}
	for _, i := range s.Instances {
		if !i.Ready && s.Message == "" {
			s.Ready, s.Message = false, i.Name+" "+i.Message
		}
	}
	return s, nil
}

// instance describes a deployment: Azure does not name its instances.
func instance(r *release, there *api.OnlineDeployment, image, track string) publish.Instance {
	out := publish.Instance{Name: r.name, Image: image, Track: track}
	switch {
	case there == nil:
		out.Message = "is not there"
	case stateOfDeployment(there) != "Succeeded":
		out.Message = "is " + stateOfDeployment(there)
	default:
		out.Ready = true
	}
	return out
}

// Removals implements publish.Driver.
func (d *driver) Removals(ctx context.Context, records []publish.Record) (out []publish.Change, err error) {
	gone := func(object string) { out = append(out, publish.Change{Action: "delete", Object: object}) }
	e, ds, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	if e != nil && d.own(e.Tags) {
		gone("endpoint " + d.endpoint)
		for _, name := range slices.Sorted(maps.Keys(ds)) {
			gone("deployment " + name)
		}
	}
	d.scales(records)
	scalings, err := d.settings(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(scalings)) {
		gone("autoscaling " + name)
	}
	err = d.eachOwn(ctx, func(name string) { gone("environment " + d.endpoint + ":" + name) })
	for _, r := range records {
		gone("environment " + d.records() + ":" + d.versionOf(r.Number))
	}
	return out, err
}

// Delete implements publish.Driver. It takes the deployments along, also those that
// somebody has added by hand. The image stays.
func (d *driver) Delete(ctx context.Context, records []publish.Record) error {
	d.scales(records)
	return d.settle(ctx, nil, func(string) {})
}

// Close implements publish.Driver.
func (d *driver) Close() error { return nil }
