//go:build integration

package kubernetes

import (
	"bytes"
	"errors"
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
	eachRender(t, []string{"kubernetes", "kserve"}, func(t *testing.T, r render) {
		l := newLab(t)
		r.in(l.namespace)
		for _, part := range bytes.Split(r.Body, []byte("\n---\n")) {
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
		kubeconfig := l.cluster.Kubeconfig
		if !defaulted(r.Body) {
			kubeconfig = l.cluster.User(t, l.namespace, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"get", "list"}})
		}
		reader := l.connectWith(kubeconfig, kubernetes.Options{Target: l.targetAs(r.endpoint)})
		l.eventually(func() string {
			changes, err := reader.Diff(t.Context(), []manifests.Document{r.Document})
			if err != nil {
				return err.Error()
			}
			if len(changes) > 0 {
				t.Fatal(changes)
			}
			return ""
		})
		if defaulted(r.Body) {
			return
		}
		r.Body = bytes.Replace(r.Body, []byte("app.kubernetes.io/managed-by: deployfile\n"), []byte("app.kubernetes.io/managed-by: deployfile\n    example.com/new: label\n"), 1)
		_, err := reader.Diff(t.Context(), []manifests.Document{r.Document})
		var denied *kubernetes.PermissionError
		if !errors.As(err, &denied) {
			t.Errorf("with a new label: %v", err)
		}
	})
}

// defaulted says that documents have lists or structures that are replaced as a
// whole and in which the API server sets what they leave out.
func defaulted(body []byte) bool {
	return bytes.Contains(body, []byte("\nkind: HTTPRoute\n")) || bytes.Contains(body, []byte("fieldRef:"))
}
