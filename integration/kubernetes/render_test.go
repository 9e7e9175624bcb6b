package kubernetes

import (
	"bytes"
	"os"
	"path/filepath"
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
	files, err := filepath.Glob("../../manifests/testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if kind, _, _ := strings.Cut(name, "-"); kind != "kubernetes" && kind != "kserve" && kind != "batch" {
			continue
		}
		count++
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			body = bytes.ReplaceAll(body, []byte("namespace: models"), []byte("namespace: "+l.namespace))
			_, after, _ := strings.Cut(string(body), "app.kubernetes.io/instance: ")
			endpoint, _, _ := strings.Cut(after, "\n")
			var warnings bytes.Buffer
			p := l.connectWith(l.cluster.Kubeconfig, kubernetes.Options{Target: l.target(), Endpoint: endpoint, Warnings: &warnings})
			changes, err := p.Diff(t.Context(), []manifests.Document{{Name: name, Body: body}})
			if err != nil {
				t.Fatal(err)
			}
			if want := bytes.Count(body, []byte("\nkind: ")); len(changes) != want {
				t.Errorf("there are %d changes for %d objects", len(changes), want)
			}
			// The API server warns of what pod security and its own future are against.
			if warned := warnings.String(); (warned != "") != (name == "kubernetes-root") {
				t.Errorf("the API server warns: %s", warned)
			}
		})
	}
	if count < 20 {
		t.Errorf("there are only %d renders", count)
	}
}
