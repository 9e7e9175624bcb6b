package azureml

import (
	"context"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/linediff"
)

// Diff implements publish.Driver. It compares what the endpoint has with the documents: the
// fields that Azure adds by itself are no differences.
func (d *driver) Diff(ctx context.Context, records []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	w, err := d.parse(documents)
	if err != nil {
		return nil, err
	}
	d.scales(records, documents...)
	e, ds, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	environments := map[string]bool{}
	if err := d.eachOwn(ctx, func(name string) { environments[name] = true }); err != nil {
		return nil, err
	}
	var out []publish.Change
	add := func(object string, wanted, there any) error {
		change, err := compare(object, wanted, there)
		if change != nil {
			out = append(out, *change)
		}
		return err
	}
	for _, r := range w.releases() {
		// What is there under such a name cannot differ.
		if !environments[r.name] {
			if err := add("environment "+d.endpoint+":"+r.name, r.environment, nil); err != nil {
				return nil, err
			}
		}
		var there any
		if ds[r.name] != nil {
			there = ds[r.name]
		}
		if err := add("deployment "+r.name, w.body(r, ds[r.name]), there); err != nil {
			return nil, err
		}
		if there != nil && stateOfDeployment(ds[r.name]) == "Failed" {
			out = append(out, publish.Change{Action: "update", Object: "deployment " + r.name, Diff: "-it is Failed\n"})
		}
	}
	var there any
	if e != nil {
		there = e
	}
	changes := len(out)
	if err := add("endpoint "+d.endpoint, w.endpoint, there); err != nil {
		return nil, err
	}
	if conflict := d.conflict(e, ds); conflict != nil {
		if len(out) == changes {
			out = append(out, publish.Change{Action: "update", Object: conflict.Object})
		}
		out[len(out)-1].Conflicts = conflict.Details
	}
	scalings, err := d.settings(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(scalings)) {
		if w.scaling == nil || name != w.scaling.name {
			out = append(out, publish.Change{Action: "delete", Object: "autoscaling " + name})
		}
	}
	if s := w.scaling; s != nil {
		var there any
		if scalings[s.name] != nil {
			there = scalings[s.name]
		}
		if err := add("autoscaling "+s.name, s.body, there); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ds)) {
		if !w.has(name) && d.own(ds[name].Tags) {
			out = append(out, publish.Change{Action: "delete", Object: "deployment " + name})
		}
	}
	return out, nil
}

// compare returns the change that makes what is wanted of what is there, nil for none.
func compare(object string, wanted, there any) (*publish.Change, error) {
	want, err := tree(wanted)
	if err != nil {
		return nil, err
	}
	after, err := yaml.Marshal(want)
	if err != nil {
		return nil, err
	}
	if there == nil {
		return &publish.Change{Action: "create", Object: object, Diff: linediff.Lines(nil, after)}, nil
	}
	have, err := tree(there)
	if err != nil {
		return nil, err
	}
	before, err := yaml.Marshal(alike(want, have))
	if err != nil {
		return nil, err
	}
	if changed := linediff.Lines(before, after); changed != "" {
		return &publish.Change{Action: "update", Object: object, Diff: changed}, nil
	}
	return nil, nil
}
