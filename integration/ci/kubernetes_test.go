//go:build integration

package ci

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/resolver"
)

// clusters are shared by the tests of this package.
var clusters cluster.Shared

// namespace is the recipe's.
const namespace = "buildkit"

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

// buildInKubernetes creates the builder of the recipe in a cluster of one node,
// runs there the script that builds an image, and returns the image's name on
// this machine.
func (l *laboratory) buildInKubernetes(t *testing.T, project, script string) string {
	t.Helper()
	n := clusters.Node(t)
	kubeconfig := prepareNamespace(t, n)
	l.pushFrontend(t, n.Registry)
	l.pushBuilder(t, n.Registry+"/moby/buildkit:1")
	// No cache is there from another run.
	repository := "/models/" + filepath.Base(l.dir)
	// Pods reach this registry alone, and without TLS.
	l.write(t, "kubernetes/buildkitd.default.toml", "[registry.\""+n.RegistryForPods()+"\"]\nhttp = true\n")
	env := []string{
		"KUBECONFIG=" + kubeconfig, "BUILDX_CONFIG=" + filepath.Join(l.dir, "kubernetes"), "BUILDKIT_PROGRESS=rawjson",
		// The node is small.
		"DRIVER_OPTIONS=image=" + n.Registry + "/moby/buildkit:1,requests.cpu=100m,requests.memory=64Mi,requests.ephemeral-storage=4Gi",
		"FRONTEND=" + n.RegistryForPods() + "/deployfile/frontend:1", "CI_REGISTRY_IMAGE=" + n.RegistryForPods() + repository, "CI_COMMIT_SHA=pod",
		"MIRROR=" + mirror(t, n, project),
	}
	l.run(t, n.Command, project, read(t, recipe("kubernetes.sh")), env...)

	_, log := l.run(t, n.Command, project, script, env...)
	if ran := steps(t, log); !slices.Contains(ran, "install dfone 1.0") {
		t.Errorf("the builder has to install: %q", ran)
	}
	deployments := n.Client.AppsV1().Deployments(namespace)
	list, err := deployments.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || list.Items[0].Status.ReadyReplicas != 2 {
		t.Fatalf("the deployments are %+v", list.Items)
	}

	// Of the two pods, the folder's name leads to the one that built it; by
	// chance that is not so three times.
	for range 3 {
		_, log = l.run(t, n.Command, project, `docker buildx build -f Deployfile --build-arg "BUILDKIT_SYNTAX=$FRONTEND" --output type=cacheonly .`, env...)
		if ran := steps(t, log); slices.Contains(ran, "install dfone 1.0") {
			t.Errorf("the builder installed again: %q", ran)
		}
	}
	l.run(t, n.Command, project, "docker buildx rm models", env...)
	if _, err := deployments.Get(t.Context(), list.Items[0].Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the deployment is there still: %v", err)
	}
	return n.Registry + repository + ":pod"
}

// prepareNamespace makes the namespace of the recipe, and a user who may do
// there what the recipe says, whose kubeconfig it returns.
func prepareNamespace(t *testing.T, n *cluster.NodeCluster) string {
	t.Helper()
	namespaces := n.Client.CoreV1().Namespaces()
	create := func() error {
		_, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		return err
	}
	err := create()
	// The test may be run twice, and deleting takes a while.
	for end := time.Now().Add(time.Minute); apierrors.IsAlreadyExists(err) && time.Now().Before(end); err = create() {
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			pods, err := n.Client.CoreV1().Pods(namespace).List(context.Background(), metav1.ListOptions{})
			if err != nil {
				t.Error(err)
			}
			for _, pod := range pods.Items {
				t.Logf("pod %s: %s", pod.Name, pod.Status.String())
			}
		}
		if err := namespaces.Delete(context.Background(), namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return n.User(t, namespace,
		rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get", "create", "delete"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create", "update", "delete"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}},
	)
}

// pushBuilder pushes what stands in for BuildKit's own image: its programs and
// runc, on the base image of the tests, which has the libraries of runc.
func (l *laboratory) pushBuilder(t *testing.T, ref string) {
	t.Helper()
	index, err := layout.ImageIndexFromPath(os.Getenv("DEPLOYFILE_TEST_BASE"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	base, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"--dereference", "--absolute-names", "--transform=s,.*/,usr/bin/,"}
	for _, program := range []string{"buildkitd", "buildctl", "runc"} {
		file, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pushWith(t, ref, base, filepath.Join(l.dir, "buildkit.tar"), files, v1.Config{
		Entrypoint: []string{"buildkitd"},
		Env:        []string{"PATH=/usr/sbin:/usr/bin"},
		// As in BuildKit's own: overlayfs does not lie on itself.
		Volumes: map[string]struct{}{"/var/lib/buildkit": {}},
	})
}

// mirror is the URL of an index that pods reach, for they reach no other. It
// has the one file that a build of the project fetches, the wheel of uv.
func mirror(t *testing.T, n *cluster.NodeCluster, project string) string {
	t.Helper()
	lock, err := resolver.ParseLock([]byte(read(t, filepath.Join(project, "Deployfile.lock"))))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(lock.UV, func(f resolver.PlatformFile) bool { return f.Platform == "linux/amd64" })
	if i < 0 {
		t.Fatalf("the lock has uv as %+v", lock.UV)
	}
	uv := lock.UV[i]
	response, err := http.Get(uv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	wheel, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := n.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := http.NewServeMux()
	files.HandleFunc("/simple/uv/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<a href=\"/%s#sha256=%s\">%[1]s</a>\n", uv.Filename, uv.SHA256)
	})
	files.HandleFunc("/"+uv.Filename, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wheel) })
	server := &http.Server{Handler: files}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + "/simple"
}
