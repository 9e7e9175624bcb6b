package containers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Driver is the publish.Driver of an endpoint on a Host.
type Driver struct {
	endpoint string
	host     Host
	probe    *Probe
}

var _ publish.Driver = (*Driver)(nil)

// NewDriver returns the driver of an endpoint, whose server probe polls.
func NewDriver(endpoint string, h Host, p *Probe) *Driver {
	return &Driver{endpoint: endpoint, host: h, probe: p}
}

// Diff implements publish.Driver. It compares with the documents of the newest revision
// and reports a container that does not run. A container's settings cannot be changed
// without creating it anew, so nothing else can differ.
func (d *Driver) Diff(ctx context.Context, records []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	trouble := ""
	var newest *publish.Revision
	if deployed := publish.NewestDeployed(records); deployed != nil {
		newest = &deployed.Revision
		s, err := d.inPlace(ctx, *deployed)
		switch {
		case err != nil:
			return nil, err
		case s == nil:
			trouble = "removed"
		case !s.Running || s.Message != "":
			trouble = "stopped"
		}
	}
	changes, err := Compare(newest, trouble, documents)
	if err != nil || len(changes) == 0 {
		return changes, err
	}
	unmanaged, err := d.host.Unmanaged(ctx)
	if unmanaged != nil {
		changes[0].Conflicts = unmanaged.Conflict.Details
	}
	return changes, err
}

// inPlace returns the state of a deployed record's container, nil if it is gone or does
// not have its name.
func (d *Driver) inPlace(ctx context.Context, r publish.Record) (*State, error) {
	s, err := d.host.State(ctx, r)
	if s != nil && s.Name != d.host.LiveName(r) {
		return nil, err
	}
	return s, err
}

// Status implements publish.Driver.
func (d *Driver) Status(ctx context.Context, _ []publish.Record, newest *publish.Record) (*publish.Status, error) {
	out := &publish.Status{}
	unmanaged, err := d.host.Unmanaged(ctx)
	switch {
	case err != nil:
		return nil, err
	case unmanaged != nil:
		return nil, unmanaged.Conflict
	case newest == nil:
		return out, nil
	}
	s, err := d.inPlace(ctx, *newest)
	if err != nil {
		return nil, err
	}
	if s == nil {
		out.Message = fmt.Sprintf("container %s is gone", d.host.LiveName(*newest))
		return out, nil
	}
	c, err := manifests.ParseContainer(newest.Documents)
	if err != nil {
		return nil, err
	}
	out.URL = d.host.Live(c)
	i := publish.Instance{Name: s.Name, Image: s.Image, Restarts: s.Restarts, Message: s.Message}
	switch {
	case s.Message != "":
	case s.Running:
		if err := d.probe.Serves(ctx, out.URL); err != nil {
			i.Message = err.Error()
		}
	case s.Ended != nil:
		i.Message = s.Ended.Error()
	}
	i.Ready = i.Message == ""
	out.Ready, out.Message, out.Instances = i.Ready, i.Message, []publish.Instance{i}
	return out, nil
}

// Removals implements publish.Driver.
func (d *Driver) Removals(ctx context.Context, _ []publish.Record) ([]publish.Change, error) {
	all, err := d.host.Containers(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Change
	add := func(names []string, before, after string) {
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			out = append(out, publish.Change{Action: "delete", Object: before + name + after})
		}
	}
	var names, images []string
	for _, c := range all {
		names = append(names, c.Name)
		if c.Brought {
			images = append(images, c.Shows)
		}
	}
	add(names, "container ", "")
	add(images, "image ", ", unless something else needs it")
	return out, nil
}

// Delete implements publish.Driver: it removes the endpoint's containers, and the
// images that were pulled for them.
func (d *Driver) Delete(ctx context.Context, _ []publish.Record) error {
	all, err := d.host.Containers(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := d.host.Destroy(ctx, c); err != nil {
			return err
		}
	}
	// An image is removed once no container uses it.
	for _, c := range all {
		if c.Brought {
			err = errors.Join(err, d.host.RemoveImage(ctx, c.Image))
		}
	}
	return err
}

// Close implements publish.Driver.
func (d *Driver) Close() error { return d.host.Close() }
