package deployfile

import (
	"errors"
	"reflect"
	"strings"
)

// CheckTarget checks a target that does not come from the text of a Deployfile
// but, say, from the record of a revision, by the rules for the text: keys that
// are zero count as left out. The error has all that is wrong.
func CheckTarget(t Target) error {
	if t.Spec == nil {
		return errors.New("it has no keys of a kind")
	}
	kind := t.Spec.Kind()
	r := newReport("", nil, []Kind{kind})
	r.tree = map[string]any{"targets": map[string]any{t.Name: map[string]any{"kind": kind.Name}}}
	r.index.root.child("targets").table = map[string]*node{t.Name: nodesOf(t)}
	r.validateTargets(&File{Targets: map[string]Target{t.Name: t}})
	r.values([]string{"targets", t.Name}, reflect.ValueOf(t))
	_, errs := r.sorted()
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, len(errs))
	for i, d := range errs {
		texts[i] = d.Message
		if d.Hint != "" {
			texts[i] += "; " + d.Hint
		}
	}
	return errors.New(strings.Join(texts, "\n"))
}

// nodesOf returns the nodes that the text of a target would have.
func nodesOf(t Target) *node {
	n := &node{}
	addNodes(n, reflect.ValueOf(t))
	if t.Spec != nil {
		addNodes(n, structIn(t.Spec))
	}
	return n
}

// addNodes makes the nodes that the text would have in which all keys are
// written that are not zero.
func addNodes(n *node, table reflect.Value) {
	for _, k := range keysOf(table.Type()) {
		if v := k.in(table); !v.IsZero() {
			addNode(n.child(k.name), v)
		}
	}
}

func addNode(n *node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		addNode(n, v.Elem())
	case reflect.Struct:
		addNodes(n, v)
	case reflect.Map:
		for _, name := range v.MapKeys() {
			addNode(n.child(name.String()), v.MapIndex(name))
		}
	case reflect.Slice:
		for i := range v.Len() {
			item := &node{}
			addNode(item, v.Index(i))
			n.items = append(n.items, item)
		}
	}
}
