package manifests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
)

func withPatches(patches ...deployfile.Patch) func(*Release) {
	return func(r *Release) { r.Target.Patches = patches }
}

func TestPatchErrors(t *testing.T) {
	fine := deployfile.Patch{Kind: "Deployment", Patch: "spec: {minReadySeconds: 1}"}
	for name, x := range map[string]struct {
		patch deployfile.Patch
		want  string
	}{
		"no such kind":       {deployfile.Patch{Kind: "Ingress", Patch: "{}"}, `of all of kind "Ingress": there is no such object, only Deployment "iris-prod", HTTPRoute "iris-prod", Service "iris-prod"`},
		"another case":       {deployfile.Patch{Kind: "deployment", Patch: "{}"}, "there is no such object"},
		"no such name":       {deployfile.Patch{Kind: "Deployment", Name: "iris", Patch: "{}"}, `of Deployment "iris": there is no such object`},
		"no such name ever":  {deployfile.Patch{Kind: "HorizontalPodAutoscaler", Name: "iris-prod-canary", Patch: "{}"}, "there is no such object"},
		"nothing":            {deployfile.Patch{Kind: "Deployment"}, "neither an object nor a list"},
		"text":               {deployfile.Patch{Kind: "Deployment", Patch: "replicas"}, "neither an object nor a list"},
		"not YAML":           {deployfile.Patch{Kind: "Deployment", Patch: "{spec: "}, `Deployment "iris-prod": `},
		"a key twice":        {deployfile.Patch{Kind: "Deployment", Patch: "spec: {}\nspec: {}"}, "already set"},
		"an unknown field":   {deployfile.Patch{Kind: "Deployment", Patch: "spec: {replica: 2}"}, `unknown field "spec.replica"`},
		"another case of it": {deployfile.Patch{Kind: "Deployment", Patch: "spec: {MinReadySeconds: 2}"}, `unknown field "spec.MinReadySeconds"`},
		"another type":       {deployfile.Patch{Kind: "Deployment", Patch: "spec: {minReadySeconds: soon}"}, `Deployment "iris-prod": `},
		"text for an object": {deployfile.Patch{Kind: "Deployment", Patch: "spec: {template: none}"}, `Deployment "iris-prod": `},
		"another name":       {deployfile.Patch{Kind: "Deployment", Patch: "metadata: {name: iris}"}, "by which it is found again"},
		"no name":            {deployfile.Patch{Kind: "Deployment", Patch: "metadata: null"}, "by which it is found again"},
		"another kind":       {deployfile.Patch{Kind: "HTTPRoute", Patch: "kind: Route"}, "by which it is found again"},
		"another namespace":  {deployfile.Patch{Kind: "HTTPRoute", Patch: `[{"op": "replace", "path": "/metadata/namespace", "value": "web"}]`}, "by which it is found again"},
		"another endpoint":   {deployfile.Patch{Kind: "Service", Patch: "metadata: {labels: {app.kubernetes.io/instance: other}}"}, "changes the label app.kubernetes.io/instance"},
		"another manager":    {deployfile.Patch{Kind: "HTTPRoute", Patch: "metadata: {labels: {app.kubernetes.io/managed-by: Helm}}"}, "changes the label app.kubernetes.io/managed-by"},
		"no labels":          {deployfile.Patch{Kind: "Deployment", Patch: "metadata: {labels: null}"}, "changes the label app.kubernetes.io/instance"},
		"no such path":       {deployfile.Patch{Kind: "Deployment", Patch: "[{op: remove, path: /spec/paused}]"}, "/spec/paused"},
		"no such operation":  {deployfile.Patch{Kind: "Deployment", Patch: "[{op: delete, path: /spec}]"}, `Deployment "iris-prod": `},
		"a list of text":     {deployfile.Patch{Kind: "Deployment", Patch: "[remove]"}, `Deployment "iris-prod": `},
		"the whole":          {deployfile.Patch{Kind: "Deployment", Patch: `[{op: replace, path: "", value: 1}]`}, `Deployment "iris-prod": `},
		"a directive":        {deployfile.Patch{Kind: "Deployment", Patch: "{$patch: delete}"}, `Deployment "iris-prod": `},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(live(clusterRelease(both(routed, withPatches(fine, x.patch)))))
			if err == nil || !strings.HasPrefix(err.Error(), `target "prod": patch 2, of `) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

// TestPatchesOfSlots shows whose patches change what.
func TestPatchesOfSlots(t *testing.T) {
	annotate := func(kind, name, value string) deployfile.Patch {
		return deployfile.Patch{Kind: kind, Name: name, Patch: `{"metadata": {"annotations": {"a": "` + value + `"}}}`}
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
		patch := deployfile.Patch{Kind: "HTTPRoute", Patch: "[" + strings.TrimSuffix(b.String(), ",") + "]"}
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
	for _, p := range clusterRelease(patchedRelease).Target.Patches {
		f.Add(p.Kind, p.Patch)
	}
	f.Add("Deployment", "{$patch: replace}")
	f.Add("Deployment", "spec: {template: {spec: {containers: [{$patch: delete, name: server}]}}}")
	f.Add("Service", `[{"op": "copy", "from": "", "path": "/spec/ports/-"}]`)
	f.Add("HTTPRoute", `[{"op": "test", "path": "/spec/rules/9", "value": null}]`)
	f.Fuzz(func(t *testing.T, kind, patch string) {
		documents, err := Render(live(clusterRelease(both(routed, withPatches(deployfile.Patch{Kind: kind, Patch: patch})))))
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
