package kubernetes

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/publish"
)

// Delete implements publish.Publisher. It finds the objects by their labels,
// among all kinds that a record has and those that an endpoint is usually made
// of, and returns when they and what belongs to them are gone. The records go
// last: if it fails, it can be called again.
func (p *Publisher) Delete(ctx context.Context) error {
	// A finalizer of somebody else may never be taken away.
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, publish.DefaultTimeout)
		defer cancel()
	}
	records, err := p.recordsHere(ctx)
	var missing *NamespaceError
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := p.free(ctx, records, func(string, ...any) {}); err != nil {
		return err
	}
	found, err := p.found(ctx, records)
	if err != nil {
		return err
	}
	err = each(found, func(_ int, o object) error {
		return p.remove(ctx, o, o.Unstructured, metav1.DeletePropagationForeground)
	})
	if err != nil {
		return err
	}
	if err := p.gone(ctx, found); err != nil {
		return err
	}
	for _, r := range records {
		if err := p.forget(ctx, r.name); err != nil {
			return err
		}
	}
	return nil
}

// Removals implements publish.Publisher.
func (p *Publisher) Removals(ctx context.Context) ([]publish.Change, error) {
	records, err := p.recordsHere(ctx)
	var missing *NamespaceError
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := p.found(ctx, records)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range found {
		names = append(names, o.String())
	}
	slices.Sort(names)
	for _, r := range records {
		names = append(names, "ControllerRevision "+p.namespace+"/"+r.name)
	}
	var out []publish.Change
	for _, name := range names {
		out = append(out, publish.Change{Action: "delete", Object: name})
	}
	return out, nil
}

// found are the endpoint's objects but for the records.
func (p *Publisher) found(ctx context.Context, records []record) ([]object, error) {
	kinds, err := p.kinds(ctx, records)
	if err != nil {
		return nil, err
	}
	var out []object
	for kind, recorded := range kinds {
		more, err := p.labelled(ctx, kind, recorded)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// kinds are those of which an endpoint may have objects, and whether a record
// names them.
func (p *Publisher) kinds(ctx context.Context, records []record) (map[schema.GroupVersionKind]bool, error) {
	out := map[schema.GroupVersionKind]bool{}
	for version, kinds := range usualKinds() {
		for _, kind := range kinds {
			if kind != "ControllerRevision" {
				out[version.WithKind(kind)] = false
			}
		}
	}
	for _, r := range records {
		objects, err := p.known(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			out[o.GroupVersionKind()] = true
		}
	}
	return out, nil
}

// labelled lists the endpoint's objects of one kind. Of a kind that no record
// names, there is nothing for whom the cluster does not show it.
func (p *Publisher) labelled(ctx context.Context, kind schema.GroupVersionKind, recorded bool) ([]object, error) {
	mapping, err := p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, p.explain(err, "looking for kind "+kind.Kind)
	}
	list, err := retry(ctx, p, func() (*unstructured.UnstructuredList, error) {
		return p.dynamic.Resource(mapping.Resource).Namespace(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: p.selector()})
	})
	switch {
	case apierrors.IsNotFound(err), !recorded && apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, p.explain(err, "listing "+mapping.Resource.Resource)
	}
	var out []object
	for i := range list.Items {
		out = append(out, object{Unstructured: &list.Items[i], resource: mapping.Resource, namespaced: true})
	}
	return out, nil
}
