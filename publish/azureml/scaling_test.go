package azureml

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// scaledBy adds autoscaling to a change.
func scaledBy(change func(*spec.Spec)) func(*spec.Spec) {
	return func(s *spec.Spec) {
		if change != nil {
			change(s)
		}
		s.Replicas, s.Autoscale = 0, &spec.Autoscale{Min: 2, Max: 5, Invocations: 600, ScaleOutWait: "5m", ScaleInWait: "10m"}
	}
}

// scaling returns the names of what is scaled.
func (v *verbs) scaling() (out []string) {
	for _, one := range v.cloud.There() {
		if name, ok := strings.CutPrefix(one, "autoscaling "); ok {
			out = append(out, name)
		}
	}
	return out
}

// What the autoscaling has done is no difference, and no rollout undoes it. It goes with the
// live release, and leaves nothing.
func TestAutoscale(t *testing.T) {
	v := begin(t, scaledBy(canary))
	v.Must("1")
	first := v.scaling()
	if len(first) != 1 || !strings.HasPrefix(first[0], "iris-d") {
		t.Fatalf("%q", first)
	}
	v.cloud.Scale(9)
	if all := v.deployments(); len(all) != 1 || !strings.HasSuffix(all[0], "Succeeded 5") {
		t.Fatalf("%q", all)
	}
	same := func() {
		t.Helper()
		status, err := v.open().Status(t.Context())
		if err != nil || !status.Ready {
			t.Errorf("%+v, %v", status, err)
		}
		changes, err := v.open().Diff(t.Context(), status.Revision.Documents)
		if err != nil || len(changes) > 0 {
			t.Errorf("%v, %v", changes, err)
		}
	}
	same()
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	same()
	if all := v.deployments(); !slices.ContainsFunc(all, func(s string) bool { return strings.HasSuffix(s, "Succeeded 5") }) || len(all) != 2 {
		t.Errorf("%q", all)
	}
	if got := v.scaling(); !slices.Equal(got, first) {
		t.Errorf("%q", got)
	}
	if _, err := publish.Promote(t.Context(), v.open(), v.Options()); err != nil {
		t.Fatal(err)
	}
	if got := v.scaling(); len(got) != 1 || slices.Equal(got, first) || strings.Contains(got[0], "nothing") {
		t.Errorf("%q", got)
	}
	if all := v.deployments(); len(all) != 1 || !strings.HasSuffix(all[0], "Succeeded 2") {
		t.Errorf("%q", all)
	}
	same()
	// What somebody has changed by hand is named, and made good.
	v.cloud.ChangeScaling(set(false, "properties", "enabled"))
	changes, err := v.open().Diff(t.Context(), v.documents("2"))
	if err != nil || len(changes) != 1 || !strings.Contains(changes[0].Diff, "-  enabled: false") {
		t.Errorf("%v, %v", changes, err)
	}
	v.Must("2")
	same()
	// Without it, the number is that of the keys.
	v.change(func(s *spec.Spec) { s.Autoscale, s.Replicas, s.Strategy, s.Weight = nil, 3, "rolling", 0 })
	changes, err = v.open().Diff(t.Context(), v.documents("2"))
	if err != nil || !strings.Contains(fmt.Sprint(changes), "{delete autoscaling iris-d") {
		t.Errorf("%v, %v", changes, err)
	}
	v.Must("2")
	if got, all := v.scaling(), v.deployments(); len(got) > 0 || len(all) != 1 || !strings.HasSuffix(all[0], "Succeeded 3") {
		t.Errorf("%q, %q", got, all)
	}
	v.change(scaledBy(nil))
	v.Must("2")
	removals, err := v.open().Removals(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(removals), "autoscaling iris-d") {
		t.Errorf("%v, %v", removals, err)
	}
	if err := v.open().Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
