package manifests_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

func withPatches(patches ...cluster.Patch) func(*Release) {
	return func(r *Release) { pod(r).Patches = patches }
}

func TestPatchErrors(t *testing.T) {
	fine := cluster.Patch{Kind: "Deployment", Patch: "spec: {minReadySeconds: 1}"}
	for name, x := range map[string]struct {
		patch cluster.Patch
		want  string
	}{
		"no such kind":       {cluster.Patch{Kind: "Ingress", Patch: "{}"}, `of all of kind "Ingress": there is no such object, only Deployment "iris-prod", HTTPRoute "iris-prod", Service "iris-prod"`},
		"no such name":       {cluster.Patch{Kind: "Deployment", Name: "iris", Patch: "{}"}, `of Deployment "iris": there is no such object`},
		"no such name ever":  {cluster.Patch{Kind: "HorizontalPodAutoscaler", Name: "iris-prod-canary", Patch: "{}"}, "there is no such object"},
		"an unknown field":   {cluster.Patch{Kind: "Deployment", Patch: "spec: {replica: 2}"}, `unknown field "spec.replica"`},
		"another case of it": {cluster.Patch{Kind: "Deployment", Patch: "spec: {MinReadySeconds: 2}"}, `unknown field "spec.MinReadySeconds"`},
		"another type":       {cluster.Patch{Kind: "Deployment", Patch: "spec: {minReadySeconds: soon}"}, `Deployment "iris-prod": `},
		"text for an object": {cluster.Patch{Kind: "Deployment", Patch: "spec: {template: none}"}, `Deployment "iris-prod": `},
		"another name":       {cluster.Patch{Kind: "Deployment", Patch: "metadata: {name: iris}"}, "by which it is found again"},
		"no name":            {cluster.Patch{Kind: "Deployment", Patch: "metadata: null"}, "by which it is found again"},
		"another kind":       {cluster.Patch{Kind: "HTTPRoute", Patch: "kind: Route"}, "by which it is found again"},
		"another namespace":  {cluster.Patch{Kind: "HTTPRoute", Patch: `[{"op": "replace", "path": "/metadata/namespace", "value": "web"}]`}, "by which it is found again"},
		"another endpoint":   {cluster.Patch{Kind: "Service", Patch: "metadata: {labels: {app.kubernetes.io/instance: other}}"}, "changes the label app.kubernetes.io/instance"},
		"another manager":    {cluster.Patch{Kind: "HTTPRoute", Patch: "metadata: {labels: {app.kubernetes.io/managed-by: Helm}}"}, "changes the label app.kubernetes.io/managed-by"},
		"no labels":          {cluster.Patch{Kind: "Deployment", Patch: "metadata: {labels: null}"}, "changes the label app.kubernetes.io/instance"},
		"no such path":       {cluster.Patch{Kind: "Deployment", Patch: "[{op: remove, path: /spec/paused}]"}, "/spec/paused"},
		"the whole":          {cluster.Patch{Kind: "Deployment", Patch: `[{op: replace, path: "", value: 1}]`}, `Deployment "iris-prod": `},
		"a directive":        {cluster.Patch{Kind: "Deployment", Patch: "{$patch: delete}"}, `Deployment "iris-prod": `},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(live(clusterRelease(both(routed, withPatches(fine, x.patch)))))
			if err == nil || !strings.HasPrefix(err.Error(), `target "prod": patch 2, of `) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

// What a Deployfile is refused for is refused of a record, too.
func TestWrongPatches(t *testing.T) {
	for name, x := range map[string]struct {
		patch cluster.Patch
		want  string
	}{
		"not YAML":          {cluster.Patch{Kind: "Deployment", Patch: "{spec: "}, `patches[1].patch is not one document of YAML or JSON`},
		"a key twice":       {cluster.Patch{Kind: "Deployment", Patch: "spec: {}\nspec: {}"}, `mapping key "spec" already defined`},
		"nothing":           {cluster.Patch{Kind: "Deployment"}, `patches[1].patch is missing`},
		"text":              {cluster.Patch{Kind: "Deployment", Patch: "replicas"}, `must be an object (a merge patch) or a list`},
		"another case":      {cluster.Patch{Kind: "deployment", Patch: "{}"}, `patches[1].kind "deployment" must be the kind of an object`},
		"no such operation": {cluster.Patch{Kind: "Deployment", Patch: "[{op: delete, path: /spec}]"}, `"delete" is no operation`},
		"a list of text":    {cluster.Patch{Kind: "Deployment", Patch: "[remove]"}, `an item of it is no object`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(live(clusterRelease(withPatches(cluster.Patch{Kind: "Deployment", Patch: "spec: {minReadySeconds: 1}"}, x.patch))))
			if err == nil || !strings.HasPrefix(err.Error(), `target "prod": targets.prod.`) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

// TestPatchesOfSlots shows whose patches change what.
func TestPatchesOfSlots(t *testing.T) {
	annotate := func(kind, name, value string) cluster.Patch {
		return cluster.Patch{Kind: kind, Name: name, Patch: `{"metadata": {"annotations": {"a": "` + value + `"}}}`}
	}
	first := live(clusterRelease(both(canary(10, 1), withPatches(annotate("Deployment", "", "old"), annotate("Service", "", "old")))))
	s := Deployed(&first, nextRelease(both(canary(10, 1), withPatches(
		annotate("Deployment", "", "new"), annotate("Service", "iris-prod", "new"), annotate("Service", "iris-prod-preview", "later"),
	))))
	got := map[string]string{}
	for _, d := range render(t, s) {
		got[d.Name] = texts(t, parse(t, d), "metadata", "annotations")["a"]
	}
	equal(t, "annotations", map[string]string{"deployment.yaml": "old", "deployment-canary.yaml": "new", "service.yaml": "new"}, got)
}

// Copies of an object into itself double it each time.
func TestPatchOfCopies(t *testing.T) {
	const one = `{"op": "copy", "from": "/spec", "path": "/spec/x%d"},`
	for n, want := range map[int]string{30: "make an object of more than 1572864 bytes", 200: ""} {
		var b strings.Builder
		for i := range n {
			if n == 200 {
				fmt.Fprintf(&b, `{"op": "copy", "from": "/metadata/name", "path": "/metadata/annotations/a%d"},`, i)
				want = "more than 100 copy operations"
			} else {
				fmt.Fprintf(&b, one, i)
			}
		}
		patch := cluster.Patch{Kind: "HTTPRoute", Patch: "[" + strings.TrimSuffix(b.String(), ",") + "]"}
		if n == 200 {
			patch.Patch = `[{"op": "add", "path": "/metadata/annotations", "value": {}},` + patch.Patch[1:]
		}
		_, err := Render(live(clusterRelease(both(routed, withPatches(patch)))))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d copies: error %.300v, want one with %q", n, err, want)
		}
	}
}

// FuzzPatch shows that no patch makes rendering panic, and that what comes out
// is an object of the same name.
func FuzzPatch(f *testing.F) {
	for _, p := range pod(new(clusterRelease(patchedRelease))).Patches {
		f.Add(p.Kind, p.Patch)
	}
	f.Add("Deployment", "{$patch: replace}")
	f.Add("Deployment", "spec: {template: {spec: {containers: [{$patch: delete, name: server}]}}}")
	f.Add("Deployment", "spec: {a: 0, template: {spec: {b: 0, containers: [{name: {}}]}}}")
	f.Add("Service", `[{"op": "copy", "from": "", "path": "/spec/ports/-"}]`)
	f.Add("HTTPRoute", `[{"op": "test", "path": "/spec/rules/9", "value": null}]`)
	f.Fuzz(func(t *testing.T, kind, patch string) {
		documents, err := Render(live(clusterRelease(both(routed, withPatches(cluster.Patch{Kind: kind, Patch: patch})))))
		if err != nil {
			return
		}
		for _, d := range documents {
			if name := at[string](t, parse(t, d), "metadata", "name"); name != "iris-prod" {
				t.Errorf("%s is called %s", d.Name, name)
			}
		}
	})
}
