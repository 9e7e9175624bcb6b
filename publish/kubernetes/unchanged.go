package kubernetes

import (
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// unchanged reports whether applying an object would change nothing of what is live:
// the fields that deployfile has applied are the object's, no more and no fewer,
// and they still have its values. It says no, too, where only the API server can
// tell, as for a quantity that is written in another way.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
func unchanged(o object, live *unstructured.Unstructured) bool {
	if live == nil {
		return false
	}
	for _, f := range live.GetManagedFields() {
		if f.Manager != manager || f.Operation != metav1.ManagedFieldsOperationApply || f.Subresource != "" {
			continue
		}
		applied := &fieldpath.Set{}
		if f.APIVersion != o.GetAPIVersion() || f.FieldsV1 == nil || applied.FromJSON(f.FieldsV1.GetRawReader()) != nil {
			return false
		}
		wanted := o.DeepCopy().Object
		// Nobody owns what says which object it is.
		for _, path := range [][]string{{"apiVersion"}, {"kind"}, {"metadata", "name"}, {"metadata", "namespace"}} {
			unstructured.RemoveNestedField(wanted, path...)
		}
		return sameFields(applied, wanted, live.Object)
	}
	return false
}

// sameFields compares the fields of a map or the items of a list, and all that
// is below them.
func sameFields(applied *fieldpath.Set, wanted, live any) bool {
	count, last := 0, map[int]int{}
	for _, element := range elements(applied) {
		w, at := pick(wanted, element)
		l, there := pick(live, element)
		if at < 0 || there < 0 {
			return false
		}
		if below, ok := applied.Children.Get(element); ok {
			if !sameFields(below, w, l) {
				return false
			}
		} else if !reflect.DeepEqual(w, l) {
			return false
		}
		count++
		last[at] = there
	}
	switch wanted := wanted.(type) {
	case map[string]any:
		return count == len(wanted)
	case []any:
		if len(last) != len(wanted) {
			return false
		}
		// Applying brings the items into the object's order.
		var order []int
		for at := range wanted {
			order = append(order, last[at])
		}
		return slices.IsSorted(order)
	}
	return false
}

// elements are the fields or items that a set says something of, each once.
func elements(s *fieldpath.Set) []fieldpath.PathElement {
	// Its iterators panic when a loop ends early.
	out := slices.Collect(s.Members.All())
	for _, e := range slices.Collect(s.Children.All()) {
		if !s.Members.Has(e) {
			out = append(out, e)
		}
	}
	return out
}

// pick is a field of a map, at 0, or the item of a list that an element means,
// and its index; -1 if there is none, or more than one.
func pick(of any, e fieldpath.PathElement) (found any, at int) {
	at = -1
	switch of := of.(type) {
	case map[string]any:
		if e.FieldName != nil {
			if v, ok := of[*e.FieldName]; ok {
				return v, 0
			}
		}
	case []any:
		for i, item := range of {
			if !means(e, item) {
				continue
			}
			if at >= 0 {
				return nil, -1
			}
			found, at = item, i
		}
	}
	return found, at
}

// means reports whether an element is an item of a list. A field of the key that the
// item leaves to the API server is no difference.
func means(e fieldpath.PathElement, item any) bool {
	switch {
	case e.Value != nil:
		return value.Equals(*e.Value, value.NewValueInterface(item))
	case e.Key != nil:
		fields, ok := item.(map[string]any)
		if !ok {
			return false
		}
		for _, k := range *e.Key {
			if v, ok := fields[k.Name]; ok && !value.Equals(k.Value, value.NewValueInterface(v)) {
				return false
			}
		}
		return true
	}
	return false
}
