package kubernetes

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

// TestUnchanged shows, for all documents that package manifests renders in its
// tests, that no difference is found after they were applied, and that whoever
// may only read finds that out: the API server's dry run is asked of what
// differs, and of what it alone can compare.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	shared := newLab(t)
	shared.cluster.DefineKServe(t)
	shared.cluster.DefineGatewayAPI(t)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(shared.cluster.Client.Discovery()))
	files, err := filepath.Glob("../../manifests/testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if kind, _, _ := strings.Cut(name, "-"); kind != "kubernetes" && kind != "kserve" {
			continue
		}
		count++
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			body = bytes.ReplaceAll(body, []byte("namespace: models"), []byte("namespace: "+l.namespace))
			_, after, _ := strings.Cut(string(body), "app.kubernetes.io/instance: ")
			endpoint, _, _ := strings.Cut(after, "\n")
			for _, part := range bytes.Split(body, []byte("\n---\n")) {
				var u unstructured.Unstructured
				if err := yaml.Unmarshal(part, &u.Object); err != nil {
					t.Fatal(err)
				}
				if u.Object == nil {
					continue
				}
				kind := u.GroupVersionKind()
				mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := l.cluster.Dynamic.Resource(mapping.Resource).Namespace(l.namespace).Apply(t.Context(), u.GetName(), &u, metav1.ApplyOptions{FieldManager: "deployfile", Force: true}); err != nil {
					t.Fatal(err)
				}
			}
			reader := l.connectWith(l.cluster.User(t, l.namespace, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"get", "list"}}),
				kubernetes.Options{Target: l.target(), Endpoint: endpoint})
			if defaulted(body) {
				reader = l.connectWith(l.cluster.Kubeconfig, kubernetes.Options{Target: l.target(), Endpoint: endpoint})
			}
			l.eventually(func() string {
				changes, err := reader.Diff(t.Context(), []manifests.Document{{Name: name, Body: body}})
				if err != nil {
					return err.Error()
				}
				if len(changes) > 0 {
					t.Fatal(changes)
				}
				return ""
			})
			if defaulted(body) {
				return
			}
			changed := bytes.Replace(body, []byte("app.kubernetes.io/managed-by: deployfile\n"), []byte("app.kubernetes.io/managed-by: deployfile\n    example.com/new: label\n"), 1)
			_, err = reader.Diff(t.Context(), []manifests.Document{{Name: name, Body: changed}})
			var denied *kubernetes.PermissionError
			if !errors.As(err, &denied) {
				t.Errorf("with a new label: %v", err)
			}
		})
	}
	if count < 20 {
		t.Errorf("there are only %d renders", count)
	}
}

// defaulted says that documents have lists or structures that are replaced as a
// whole and in which the API server sets what they leave out.
func defaulted(body []byte) bool {
	return bytes.Contains(body, []byte("\nkind: HTTPRoute\n")) || bytes.Contains(body, []byte("fieldRef:"))
}
