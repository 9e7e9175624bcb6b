package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// applied are objects as they were applied, and as a real API server (1.35)
// then had them.
func applied(t *testing.T) (wanted, live []*unstructured.Unstructured) {
	t.Helper()
	data, err := os.ReadFile("testdata/applied.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists struct{ Wanted, Live []json.RawMessage }
	if err := json.Unmarshal(data, &lists); err != nil {
		t.Fatal(err)
	}
	read := func(list []json.RawMessage) (out []*unstructured.Unstructured) {
		for _, data := range list {
			u := &unstructured.Unstructured{}
			if err := u.UnmarshalJSON(data); err != nil {
				t.Fatal(err)
			}
			out = append(out, u)
		}
		return out
	}
	return read(lists.Wanted), read(lists.Live)
}

func TestUnchanged(t *testing.T) {
	wanted, live := applied(t)
	if len(wanted) != 2 || len(live) != 2 {
		t.Fatalf("there are %d objects", len(wanted))
	}
	for n, w := range wanted {
		if !unchanged(object{Unstructured: w}, live[n]) {
			t.Errorf("%s: something has changed", title(w))
		}
		if unchanged(object{Unstructured: w}, nil) {
			t.Errorf("%s: nothing has changed where nothing is", title(w))
		}
		others := live[n].DeepCopy()
		fields := others.GetManagedFields()
		for i := range fields {
			fields[i].Manager = "kubectl"
		}
		others.SetManagedFields(fields)
		if unchanged(object{Unstructured: w}, others) {
			t.Errorf("%s: nothing has changed, and we have applied nothing", title(w))
		}
	}
}

// TestChanged changes each field and item of what is wanted, one at a time.
func TestChanged(t *testing.T) {
	wanted, live := applied(t)
	count := 0
	for n, w := range wanted {
		for what, changed := range variants(w) {
			count++
			if unchanged(object{Unstructured: changed}, live[n]) {
				t.Errorf("%s: not found out: %s", title(w), what)
			}
		}
	}
	if count < 200 {
		t.Errorf("there are only %d changes", count)
	}
}

// TestChangedThere changes the values that were applied where they are.
func TestChangedThere(t *testing.T) {
	wanted, live := applied(t)
	count := 0
	for n, w := range wanted {
		for _, path := range leaves(w.Object, nil) {
			there := live[n].DeepCopy()
			if !edit(there.Object, path, func(any) any { return "other" }) {
				continue
			}
			count++
			if unchanged(object{Unstructured: w}, there) {
				t.Errorf("%s: not found out: %v is another", title(w), path)
			}
		}
	}
	if count < 50 {
		t.Errorf("there are only %d changes", count)
	}
}

// variants are copies of an object that differ from it in one thing.
func variants(u *unstructured.Unstructured) map[string]*unstructured.Unstructured {
	out := map[string]*unstructured.Unstructured{}
	add := func(what string, path []any, f func(any) any) {
		c := u.DeepCopy()
		if edit(c.Object, path, f) {
			out[fmt.Sprintf("%v %s", path, what)] = c
		}
	}
	for _, path := range leaves(u.Object, nil) {
		add("is another", path, func(v any) any {
			if n, ok := v.(int64); ok {
				return n + 1
			}
			return fmt.Sprint(v, "x")
		})
	}
	for _, path := range branches(u.Object, nil) {
		add("has one more", path, func(v any) any {
			switch v := v.(type) {
			case map[string]any:
				v["another"] = "x"
				return v
			case []any:
				return append(v, map[string]any{"name": "another"})
			}
			return v
		})
		add("is gone", path, func(any) any { return nil })
		if v, ok := at(u.Object, path).([]any); ok && len(v) > 1 {
			add("is turned round", path, func(v any) any {
				list := slices.Clone(v.([]any))
				slices.Reverse(list)
				return list
			})
			add("has one twice", path, func(v any) any {
				list := slices.Clone(v.([]any))
				list[1] = list[0]
				return list
			})
			add("has one less", path, func(v any) any { return v.([]any)[1:] })
		}
	}
	return out
}

// leaves are the paths of all values that are neither maps nor lists, but those
// that say which object it is.
func leaves(v any, path []any) (out [][]any) {
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			identity := len(path) == 0 && (name == "kind" || name == "apiVersion") ||
				len(path) == 1 && path[0] == "metadata" && (name == "name" || name == "namespace")
			if !identity {
				out = append(out, leaves(below, append(slices.Clone(path), name))...)
			}
		}
	case []any:
		for i, below := range v {
			out = append(out, leaves(below, append(slices.Clone(path), i))...)
		}
	default:
		out = append(out, path)
	}
	return out
}

// branches are the paths of all maps and lists below the top.
func branches(v any, path []any) (out [][]any) {
	switch below := v.(type) {
	case map[string]any:
		for name, b := range below {
			out = append(out, branches(b, append(slices.Clone(path), name))...)
		}
	case []any:
		for i, b := range below {
			out = append(out, branches(b, append(slices.Clone(path), i))...)
		}
	default:
		return nil
	}
	if len(path) > 0 {
		out = append(out, path)
	}
	return out
}

func at(v any, path []any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

// edit replaces what is at a path, and says whether there is something.
func edit(v map[string]any, path []any, f func(any) any) bool {
	var parent any = v
	for _, step := range path[:len(path)-1] {
		switch step := step.(type) {
		case string:
			m, _ := parent.(map[string]any)
			parent = m[step]
		case int:
			list, _ := parent.([]any)
			if step >= len(list) {
				return false
			}
			parent = list[step]
		}
	}
	switch step := path[len(path)-1].(type) {
	case string:
		m, ok := parent.(map[string]any)
		if _, there := m[step]; !ok || !there {
			return false
		}
		m[step] = f(m[step])
	case int:
		list, ok := parent.([]any)
		if !ok || step >= len(list) {
			return false
		}
		list[step] = f(list[step])
	}
	return true
}
