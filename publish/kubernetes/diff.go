package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/internal/jsondiff"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Diff implements publish.Driver. For each object that is not as it was applied, a dry
// run returns what would become of it, so that defaults and fields of other managers
// are no differences. If nothing differs, permission to read is mostly enough; only
// structures that are replaced as a whole, and that the API server fills in, need the
// dry run. Fields that a rollout would refuse to overwrite are shown as if it overwrote
// them, and listed as conflicts.
func (d driver) Diff(ctx context.Context, records []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	if err := d.namespaceOf(ctx, records); err != nil {
		return nil, err
	}
	objects, err := d.objects(ctx, documents)
	if err != nil {
		return nil, err
	}
	known, err := d.objectsOf(ctx, records)
	if err != nil {
		return nil, err
	}
	changes := make([]*publish.Change, len(objects))
	err = each(objects, func(i int, o object) (err error) {
		changes[i], err = d.change(ctx, o, known.previous)
		return err
	})
	var denied *PermissionError
	if errors.As(err, &denied) {
		// Without this permission, others are mostly missing, too.
		return nil, cmp.Or(d.permitted(ctx, objects), err)
	}
	if err != nil {
		return nil, err
	}
	left := without(known.all, objects)
	removals := make([]*publish.Change, len(left))
	err = each(left, func(i int, o object) error {
		live, err := d.get(ctx, o)
		if err == nil && live != nil && d.ours(live) && live.GetDeletionTimestamp() == nil {
			removals[i] = &publish.Change{Action: "delete", Object: o.String()}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []publish.Change
	for _, change := range slices.Concat(changes, removals) {
		if change != nil {
			out = append(out, *change)
		}
	}
	return out, nil
}

// change returns what applying an object would change, nil for nothing; previous are
// the objects of the deployed revision.
func (c *connection) change(ctx context.Context, o object, previous []object) (*publish.Change, error) {
	live, err := c.get(ctx, o)
	if err != nil {
		return nil, err
	}
	if live != nil && live.GetDeletionTimestamp() != nil {
		// A rollout waits until it is deleted.
		return creation(o)
	}
	if unchanged(withoutAccount(o, live), live) {
		return nil, nil
	}
	after, conflicts, err := c.overwritten(ctx, o, live, previous)
	if err != nil {
		return nil, err
	}
	if live == nil {
		return creation(o)
	}
	text, err := difference(live, after)
	if err != nil || text == "" && len(conflicts) == 0 {
		return nil, err
	}
	return &publish.Change{Action: "update", Object: o.String(), Diff: text, Conflicts: conflicts}, nil
}

// overwritten returns what an object becomes if it is applied regardless of other
// managers, and the fields that a rollout would refuse to overwrite.
func (c *connection) overwritten(ctx context.Context, o object, live *unstructured.Unstructured, previous []object) (*unstructured.Unstructured, []string, error) {
	var refused *publish.ConflictError
	err := c.foreign(o, live)
	if err == nil {
		var after *unstructured.Unstructured
		if after, err = c.patch(ctx, o, live, patchOptions{dryRun: true, force: scaled(o, live, previous)}); err == nil {
			return after, nil, nil
		}
	}
	if !errors.As(err, &refused) {
		return nil, nil, err
	}
	after, err := c.patch(ctx, o, live, patchOptions{dryRun: true, force: true})
	return after, refused.Details, err
}

// comparable returns an object without the API server's own fields.
func comparable(u *unstructured.Unstructured) map[string]any {
	u = u.DeepCopy()
	for _, name := range []string{"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"} {
		unstructured.RemoveNestedField(u.Object, "metadata", name)
	}
	unstructured.RemoveNestedField(u.Object, "status")
	return u.Object
}

// difference returns the fields that differ, by their paths.
func difference(was, is *unstructured.Unstructured) (string, error) {
	a, b := comparable(was), comparable(is)
	mask(a, b)
	before, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	after, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	fields, err := jsondiff.Compare(before, after)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, f := range fields {
		if f.Was != "" {
			fmt.Fprintf(&out, "-%s: %s\n", f.Field, f.Was)
		}
		if f.Is != "" {
			fmt.Fprintf(&out, "+%s: %s\n", f.Field, f.Is)
		}
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// creation returns the change for an object that does not exist yet.
func creation(o object) (*publish.Change, error) {
	text, err := added(o.Unstructured)
	return &publish.Change{Action: "create", Object: o.String(), Diff: text}, err
}

// added returns the lines of a new object, each with a "+".
func added(u *unstructured.Unstructured) (string, error) {
	fields := comparable(u)
	mask(nil, fields)
	text, err := yaml.Marshal(fields)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return "+" + strings.Join(lines, "\n+"), nil
}

// mask replaces a Secret's values by texts that tell only whether they are equal.
func mask(was, is map[string]any) {
	if is["kind"] != "Secret" {
		return
	}
	for _, part := range []string{"data", "stringData"} {
		old, _ := was[part].(map[string]any)
		values, _ := is[part].(map[string]any)
		for name, value := range values {
			values[name] = "(hidden)"
			if before, ok := old[name]; ok && before != value {
				values[name] = "(hidden, another value)"
			}
		}
		for name := range old {
			old[name] = "(hidden)"
		}
	}
	// kubectl apply keeps the whole object, values and all, in an annotation.
	for _, o := range []map[string]any{was, is} {
		unstructured.RemoveNestedField(o, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
	}
}
