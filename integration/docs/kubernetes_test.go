//go:build integration

package docs

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/internal/testing/cluster"
)

// namespace is the one of the pages.
const namespace = "models"

// models makes the namespace of the pages, which admits only "restricted" pods.
func models(t *testing.T, n *cluster.NodeCluster) {
	t.Helper()
	namespaces := n.Client.CoreV1().Namespaces()
	if _, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := namespaces.Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		for range 120 {
			if _, err := namespaces.Get(ctx, namespace, metav1.GetOptions{}); err != nil {
				return
			}
			time.Sleep(500 * time.Millisecond)
		}
		t.Errorf("namespace %s does not end", namespace)
	})
}

// role is what the page's Role allows.
func role(t *testing.T, all []block) []rbacv1.PolicyRule {
	t.Helper()
	for _, b := range in("yaml", all) {
		if !strings.Contains(b.text, "kind: Role") {
			continue
		}
		var r rbacv1.Role
		if err := yaml.UnmarshalStrict([]byte(b.text), &r); err != nil {
			t.Fatalf("line %d: %v", b.line, err)
		}
		return r.Rules
	}
	t.Fatal("the page has no Role")
	return nil
}

// TestObjects has the API server check the objects of all pages.
func TestObjects(t *testing.T) {
	n := shared.clusters.Node(t)
	models(t, n)
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict}
	for _, page := range []string{"kubernetes.md", "kserve.md"} {
		for _, b := range in("yaml", blocks(t, filepath.Join(pages, page))) {
			var o unstructured.Unstructured
			if err := yaml.UnmarshalStrict([]byte(b.text), &o.Object); err != nil {
				t.Fatalf("%s:%d: %v", page, b.line, err)
			}
			resource := o.GroupVersionKind().GroupVersion().WithResource(strings.ToLower(o.GetKind()) + "s")
			if _, err := n.Dynamic.Resource(resource).Namespace(o.GetNamespace()).Create(t.Context(), &o, dry); err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
			}
		}
	}
}

// onNode is a reader of a page beside a node of Kubernetes, with what the page's
// Role allows.
func onNode(t *testing.T, n *cluster.NodeCluster, kubeconfig string) *reader {
	t.Helper()
	r := newReader(t, n.Command, "KUBECONFIG="+kubeconfig)
	r.names = strings.NewReplacer("registry.example.com", n.Registry, "mirror.example.com", n.Registry+"/mirror")
	return r
}

// nothing checks that a page has left nothing in the namespace.
func nothing(t *testing.T, n *cluster.NodeCluster) {
	t.Helper()
	var left []string
	for range 60 {
		if left = n.Objects(t, namespace); len(left) == 0 {
			return
		}
		time.Sleep(time.Second)
	}
	t.Errorf("the page leaves %q", left)
}

func TestKubernetes(t *testing.T) {
	n := shared.clusters.Node(t)
	models(t, n)
	page := filepath.Join(pages, "kubernetes.md")
	all := blocks(t, page)
	user := n.User(t, namespace, role(t, all)...)
	if !t.Run("read", func(t *testing.T) {
		batches := places(t, n, all)
		onNode(t, n, user).read(t, page, all)
		batches.written(t)
	}) {
		return
	}
	nothing(t, n)

	t.Run("keys", func(t *testing.T) {
		n.DefineGatewayAPI(t)
		onNode(t, n, n.Kubeconfig).accepted(t, page, "kubernetes", all)
	})
}

func TestKServe(t *testing.T) {
	n := shared.clusters.Node(t)
	models(t, n)
	standIn(t, n)
	page := filepath.Join(pages, "kserve.md")
	all := blocks(t, page)
	onNode(t, n, n.User(t, namespace, role(t, all)...)).read(t, page, all)
	nothing(t, n)

	t.Run("keys", func(t *testing.T) {
		onNode(t, n, n.Kubeconfig).accepted(t, page, "kserve", all)
	})
}

// TestRegistry also deploys what is in the registry.
func TestRegistry(t *testing.T) {
	n := shared.clusters.Node(t)
	models(t, n)
	page := filepath.Join(pages, "registry.md")
	onNode(t, n, n.Kubeconfig).read(t, page, blocks(t, page))
	nothing(t, n)
}

// TestContainerd takes the node's own.
func TestContainerd(t *testing.T) {
	n := shared.clusters.Node(t)
	page := filepath.Join(pages, "containerd.md")
	r := newReader(t, n.Command, "CONTAINERD_ADDRESS="+filepath.Join(filepath.Dir(n.Kubeconfig), "containerd.sock"))
	r.read(t, page, blocks(t, page))
}

// accepted has the API server check what the keys of a page become. Nothing is
// deployed.
func (r *reader) accepted(t *testing.T, page, kind string, all []block) {
	t.Helper()
	for _, b := range in("toml", all) {
		text := fragment(kind, b)
		args := []string{"diff", "--target", target(t, b, text), "--image", image}
		if strings.Contains(text, "model-volume = true") || strings.Contains(text, "modelcar = true") {
			args = append(args, "--model-image", image)
		}
		r.write(t, text)
		if out, log, err := r.run(t, block{text: "deployfile " + strings.Join(args, " "), directive: "exit 6"}); err != nil {
			t.Errorf("%s:%d: %v\n%s\n%s", page, b.line, err, out, log)
		} else if lines := strings.Split(out, "\n"); !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "create ") }) {
			t.Errorf("%s:%d: nothing would be made:\n%s", page, b.line, out)
		}
	}
}
