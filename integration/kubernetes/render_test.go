//go:build integration

package kubernetes

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

// TestRendered has the API server validate all documents that package manifests
// renders in its tests.
func TestRendered(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster.DefineKServe(t)
	l.cluster.DefineGatewayAPI(t)
	eachRender(t, []string{"kubernetes", "kserve", "batch"}, func(t *testing.T, r render) {
		r.in(l.namespace)
		var warnings bytes.Buffer
		p := l.connectWith(l.cluster.Kubeconfig, kubernetes.Options{Target: l.targetAs(r.endpoint), Warnings: &warnings})
		changes, err := p.Diff(t.Context(), []manifests.Document{r.Document})
		if err != nil {
			t.Fatal(err)
		}
		if want := bytes.Count(r.Body, []byte("\nkind: ")); len(changes) != want {
			t.Errorf("there are %d changes for %d objects", len(changes), want)
		}
		// The API server warns of what pod security and its own future are against.
		if warned := warnings.String(); (warned != "") != (r.Name == "kubernetes-root") {
			t.Errorf("the API server warns: %s", warned)
		}
	})
}

// render is what package manifests renders in a test of its own: a document of
// all objects, and the endpoint that it is of.
type render struct {
	manifests.Document
	endpoint string
}

// in moves the objects to a namespace.
func (r *render) in(namespace string) {
	r.Body = bytes.ReplaceAll(r.Body, []byte("namespace: models"), []byte("namespace: "+namespace))
}

// eachRender runs a test with each of those that are of these kinds.
func eachRender(t *testing.T, kinds []string, test func(*testing.T, render)) {
	t.Helper()
	files, err := filepath.Glob("../../manifests/testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if kind, _, _ := strings.Cut(name, "-"); !slices.Contains(kinds, kind) {
			continue
		}
		count++
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, after, _ := strings.Cut(string(body), "app.kubernetes.io/instance: ")
			endpoint, _, _ := strings.Cut(after, "\n")
			test(t, render{manifests.Document{Name: name, Body: body}, endpoint})
		})
	}
	if count < 20 {
		t.Errorf("there are only %d renders", count)
	}
}
