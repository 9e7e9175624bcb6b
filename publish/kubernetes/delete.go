package kubernetes

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/publish"
)

// Delete implements publish.Driver. It finds the objects by their labels, among the
// kinds of all records and the usual kinds of an endpoint, and returns once they and
// their dependents are gone.
func (d driver) Delete(ctx context.Context, records []publish.Record) error {
	// A foreign finalizer may never be removed.
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, publish.DefaultTimeout)
		defer cancel()
	}
	found, err := d.found(ctx, records)
	if err != nil {
		return err
	}
	err = each(found, func(_ int, o object) error {
		return d.remove(ctx, o, o.Unstructured, metav1.DeletePropagationForeground)
	})
	if err != nil {
		return err
	}
	return d.gone(ctx, found)
}

// Removals implements publish.Driver. The records are objects, too.
func (d driver) Removals(ctx context.Context, records []publish.Record) ([]publish.Change, error) {
	found, err := d.found(ctx, records)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range found {
		names = append(names, o.String())
	}
	slices.Sort(names)
	for _, r := range records {
		names = append(names, "ControllerRevision "+d.namespace+"/"+d.recordName(r.Number))
	}
	var out []publish.Change
	for _, name := range names {
		out = append(out, publish.Change{Action: "delete", Object: name})
	}
	return out, nil
}

// found returns the endpoint's objects except the records.
func (c *connection) found(ctx context.Context, records []publish.Record) ([]object, error) {
	kinds, err := c.kinds(ctx, records)
	if err != nil {
		return nil, err
	}
	var out []object
	for kind, recorded := range kinds {
		more, err := c.labelled(ctx, kind, recorded)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// kinds returns the kinds of which the endpoint may have objects, and whether a record
// names them.
func (c *connection) kinds(ctx context.Context, records []publish.Record) (map[schema.GroupVersionKind]bool, error) {
	out := map[schema.GroupVersionKind]bool{}
	for version, kinds := range usualKinds() {
		for _, kind := range kinds {
			if kind != "ControllerRevision" {
				out[version.WithKind(kind)] = false
			}
		}
	}
	known, err := c.objectsOf(ctx, records)
	if err != nil {
		return nil, err
	}
	for _, o := range known.all {
		out[o.GroupVersionKind()] = true
	}
	return out, nil
}

// labelled lists the endpoint's objects of one kind. For a kind that no record names, a
// missing permission counts as no objects.
func (c *connection) labelled(ctx context.Context, kind schema.GroupVersionKind, recorded bool) ([]object, error) {
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, c.explain(err, "looking for kind "+kind.Kind)
	}
	list, err := retry(ctx, c, func() (*unstructured.UnstructuredList, error) {
		return c.dynamic.Resource(mapping.Resource).Namespace(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: c.selector()})
	})
	switch {
	case apierrors.IsNotFound(err), !recorded && apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, c.explain(err, "listing "+mapping.Resource.Resource)
	}
	var out []object
	for i := range list.Items {
		out = append(out, object{Unstructured: &list.Items[i], resource: mapping.Resource, namespaced: true})
	}
	return out, nil
}
