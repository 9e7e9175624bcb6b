package azureml

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// set returns a change of one field of a body.
func set(value any, path ...string) func(map[string]any) {
	return func(body map[string]any) {
		for _, key := range path[:len(path)-1] {
			body, _ = body[key].(map[string]any)
		}
		body[path[len(path)-1]] = value
	}
}

// What somebody has changed by hand is named, and overwritten only if that is asked for.
func TestChangedByHand(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} })
	v.Must("1")
	changes := func(want string) []publish.Change {
		t.Helper()
		got, err := v.open().Diff(t.Context(), v.documents("1"))
		if err != nil || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%+v, %v: want %s", got, err, want)
		}
		return got
	}
	changes("[]")
	w, err := v.open().parse(v.documents("1"))
	if err != nil {
		t.Fatal(err)
	}
	v.cloud.Change("iris", "", set("trees", "tags", "team"))
	v.cloud.Change("iris", "", set("x", "tags", "other"))
	changes("-  team: trees\n+  team: flowers")
	v.cloud.Change("iris", w.live.name, set(3.0, "sku", "capacity"))
	changes("-  capacity: 3\n+  capacity: 1")
	v.cloud.Change("iris", w.live.name, set("1", "properties", "environmentVariables", "DEBUG"))
	changes(`-    DEBUG: "1"`)
	v.Must("1")
	changes("[]")

	// Requests that go elsewhere are somebody's intent.
	v.cloud.Change("iris", "", set(map[string]any{"by-hand": 100.0}, "properties", "traffic"))
	if got := changes("-    by-hand: 100"); len(got) == 0 || !strings.Contains(fmt.Sprint(got[len(got)-1].Conflicts), "by-hand, which is no revision's") {
		t.Errorf("%+v", got)
	}
	var conflict *publish.ConflictError
	if _, err := v.Deploy("2"); !errors.As(err, &conflict) {
		t.Errorf("%v", err)
	}
	o := v.Options()
	o.ForceConflicts = true
	if _, err := publish.Deploy(t.Context(), v.open(), v.Release("2"), o); err != nil {
		t.Error(err)
	}
	v.Serves("2")
}

// An endpoint that somebody else has made stays as it is, also after a failure.
func TestForeign(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	s, _ := v.open().Parts()
	records, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := s.Delete(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	w, err := v.open().parse(v.documents("1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", w.live.name} {
		v.cloud.Change("iris", name, set(map[string]any{"by": "hand"}, "tags"))
	}
	before := v.cloud.There()
	var conflict *publish.ConflictError
	if _, err := v.Deploy("2"); !errors.As(err, &conflict) || !strings.Contains(err.Error(), "it was not made by deployfile") {
		t.Errorf("%v", err)
	}
	o := v.Options()
	o.ForceConflicts = true
	v.cloud.Start = func(azurecloud.Container) (azurecloud.Server, error) { return nil, errors.New("broken") }
	if _, err := publish.Deploy(t.Context(), v.open(), v.Release("2"), o); err == nil {
		t.Error("it is deployed")
	}
	v.Serves("1")
	if after := v.cloud.There(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
	if err := v.open().Delete(t.Context()); err != nil {
		t.Error(err)
	}
	v.Serves("1")
}

// A record is data: one that asks for anything else is refused.
func TestHostileRecord(t *testing.T) {
	v := begin(t, nil)
	p := v.open()
	documents := v.documents("1")
	for old, with := range map[string]string{
		"environment: azureml:iris:": "environment: azureml:other:",
		"endpoint_name: iris":        "endpoint_name: other",
		"deployfile: iris":           "deployfile: other",
		"auth_mode: key":             "auth_mode: key\nunknown: 1",
		"name: iris":                 "name: other",
		": 100":                      ": 50\n  other: 50",
	} {
		changed := slices.Clone(documents)
		found := false
		for i, d := range changed {
			if text := string(d.Body); strings.Contains(text, old) {
				changed[i].Body, found = []byte(strings.Replace(text, old, with, 1)), true
			}
		}
		if _, err := p.parse(changed); err == nil || !found {
			t.Errorf("%s: %v, %v", with, found, err)
		}
	}
	if _, err := p.parse(documents); err != nil {
		t.Error(err)
	}
}
