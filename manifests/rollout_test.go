package manifests_test

import (
	"maps"
	"slices"
	"testing"

	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
)

// TestRollout shows which of the pods a change of the Deployfile restarts.
func TestRollout(t *testing.T) {
	deployment := func(t *testing.T, s State, name string) map[string]any {
		t.Helper()
		for _, d := range render(t, s) {
			if d.Name == name {
				content := parse(t, d)
				return at[map[string]any](t, content, "spec", "template")
			}
		}
		t.Fatalf("no %s", name)
		return nil
	}
	before := live(clusterRelease(nil))
	for name, x := range map[string]struct {
		change  func(*Release)
		restart bool
	}{
		"another comment":     {func(r *Release) { r.FileDigest, r.LockDigest = digest("8"), digest("9") }, false},
		"replicas":            {func(r *Release) { pod(r).Replicas = 5 }, false},
		"a route":             {routed, false},
		"a strategy":          {blueGreen, false},
		"a disruption budget": {func(r *Release) { kube(r).MinAvailable = "1" }, false},
		"the port outside":    {func(r *Release) { r.Target.Port = 80 }, false},
		"the image":           {func(r *Release) { r.Image = "iris@" + digest("7") }, true},
		"a variable":          {func(r *Release) { pod(r).Env = map[string]string{"A": "1"} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := cmp.Diff(deployment(t, before, "deployment.yaml"), deployment(t, live(clusterRelease(x.change)), "deployment.yaml"))
			if (d != "") != x.restart {
				t.Errorf("restarts: %v, want %v\n%s", d != "", x.restart, d)
			}
			canary := Deployed(&before, nextRelease(both(x.change, canary(10, 1))))
			if d := cmp.Diff(deployment(t, before, "deployment.yaml"), deployment(t, canary, "deployment.yaml")); d != "" {
				t.Errorf("a canary restarts what is live:\n%s", d)
			}
		})
	}
}

// TestSelectors shows that every Service leads to the pods it is to lead to and
// to no others, in every state, and that no two Deployments claim one's pods.
func TestSelectors(t *testing.T) {
	for name, state := range clusterStates() {
		t.Run(name, func(t *testing.T) {
			pods := map[string]map[string]string{}
			selectors := map[string]map[string]string{}
			for _, d := range render(t, state) {
				content := parse(t, d)
				object := at[string](t, content, "metadata", "name")
				switch content["kind"] {
				case "Deployment":
					pods[object] = texts(t, content, "spec", "template", "metadata", "labels")
					selectors["Deployment "+object] = texts(t, content, "spec", "selector", "matchLabels")
				case "Service":
					selectors["Service "+object] = texts(t, content, "spec", "selector")
				}
			}
			selected := map[string][]string{}
			for by, selector := range selectors {
				for _, pod := range slices.Sorted(maps.Keys(pods)) {
					if matches(selector, pods[pod]) {
						selected[by] = append(selected[by], pod)
					}
				}
			}
			e := state.Newest().Target.Endpoint
			liveName := e
			if state.Live.Track != "" {
				liveName += "-" + state.Live.Track
			}
			want := map[string][]string{"Deployment " + liveName: {liveName}, "Service " + e: {liveName}}
			if state.Next != nil {
				next := e + "-" + state.Next.Track
				want["Deployment "+next] = []string{next}
				switch {
				case state.Next.Track != "canary":
					want["Service "+e+"-preview"] = []string{next}
				default:
					want["Service "+e] = slices.Sorted(slices.Values([]string{liveName, next}))
					if s, ok := state.Next.Target.Spec.(*kubernetes.Spec); ok && s.HTTPRoute != nil {
						want["Service "+e+"-stable"], want["Service "+e+"-canary"] = []string{liveName}, []string{next}
					}
				}
			}
			if d := cmp.Diff(want, selected); d != "" {
				t.Error(d)
			}
		})
	}
}

func matches(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}
