package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests/cluster"
	kuberneteskind "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
)

func TestExplain(t *testing.T) {
	c := &connection{endpoint: "iris", namespace: "models", where: "the cluster at https://example.com"}
	namespaces := schema.GroupResource{Resource: "namespaces"}
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	rbac := errors.New(`User "ann" cannot patch resource "deployments" in API group "apps" in the namespace "models"`)
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"the namespace":   {apierrors.NewNotFound(namespaces, "models"), `there is no namespace "models" in the cluster at https://example.com: kubectl create namespace models makes it`},
		"another one":     {apierrors.NewNotFound(namespaces, "other"), `applying: namespaces "other" not found`},
		"something else":  {apierrors.NewNotFound(deployments, "models"), `applying: deployments.apps "models" not found`},
		"RBAC":            {apierrors.NewForbidden(deployments, "iris", rbac), `applying: "ann" has no permission to patch deployments.apps in namespace "models": ask for a Role with that`},
		"a policy":        {apierrors.NewForbidden(deployments, "iris", errors.New("violates PodSecurity")), `applying: the cluster forbids it: deployments.apps "iris" is forbidden: violates PodSecurity`},
		"a quota":         {apierrors.NewForbidden(deployments, "iris", errors.New("exceeded quota: full, requested: pods=1")), `applying: deployments.apps "iris" is forbidden: exceeded quota: full, requested: pods=1: free something`},
		"the credentials": {apierrors.NewUnauthorized("expired"), "the cluster at https://example.com does not accept the credentials of the kubeconfig: log in again"},
		"it is gone":      {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, "applying: the cluster at https://example.com does not answer: dial: connection refused"},
	} {
		if got := c.explain(tt.err, "applying").Error(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if err := c.explain(nil, "applying"); err != nil {
		t.Error(err)
	}
}

func TestPermission(t *testing.T) {
	for want, tt := range map[string][3]string{
		"get pods":                     {"get", "pods", ""},
		"get pods/log":                 {"get", "pods/log", ""},
		"patch deployments.apps":       {"patch", "deployments", "apps"},
		"patch deployments.apps/scale": {"patch", "deployments/scale", "apps"},
	} {
		if got := permission(tt[0], tt[1], tt[2]); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestConflict(t *testing.T) {
	o := parsed(t, service)[0]
	causes := []metav1.StatusCause{
		{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.replicas", Message: `conflict with "kubectl" using apps/v1`},
		{Type: metav1.CauseTypeFieldManagerConflict, Field: ".metadata.labels.a", Message: `conflict with "flux"`},
	}
	got := conflict(fmt.Errorf("patch: %w", apierrors.NewApplyConflict(causes, "2 conflicts")), o)
	want := &publish.ConflictError{Object: "Service models/iris", Details: []string{`metadata.labels.a ("flux")`, `spec.replicas ("kubectl" using apps/v1)`}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := conflict(apierrors.NewConflict(schema.GroupResource{}, "iris", errors.New("changed")), o); got != nil {
		t.Errorf("another conflict is %v", got)
	}
}

func TestUnavailable(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"refused":     {fmt.Errorf("get: %w", &net.OpError{Op: "dial", Err: errors.New("refused")}), true},
		"no host":     {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, false},
		"starting":    {apierrors.NewServiceUnavailable("starting"), true},
		"no store":    {apierrors.NewInternalError(errors.New("etcdserver: leader changed")), true},
		"a webhook":   {apierrors.NewInternalError(errors.New("failed calling webhook")), false},
		"too many":    {apierrors.NewTooManyRequests("later", 1), true},
		"not found":   {apierrors.NewNotFound(schema.GroupResource{}, "iris"), false},
		"bad request": {apierrors.NewBadRequest("no"), false},
	} {
		if got := unavailable(tt.err); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// kubeconfig sets KUBECONFIG to a file for a server.
func kubeconfig(t *testing.T, server string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	text := `apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: "` + server + `"}}]
users: [{name: ann, user: {token: secret}}]
contexts:
  - {name: here, context: {cluster: here, user: ann, namespace: mine}}
  - {name: there, context: {cluster: here, user: ann}}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
}

func TestOpen(t *testing.T) {
	kubeconfig(t, "https://127.0.0.1:1")
	for name, tt := range map[string]struct {
		target         deployfile.Target
		namespace, err string
	}{
		"the context's namespace": {deployfile.Target{Endpoint: "iris", Spec: keys(cluster.Pod{})}, "mine", ""},
		"the target's":            {deployfile.Target{Endpoint: "iris", Spec: keys(cluster.Pod{Namespace: "models"})}, "models", ""},
		"none":                    {deployfile.Target{Endpoint: "iris", Spec: keys(cluster.Pod{Context: "there"})}, "default", ""},
		"no such context":         {deployfile.Target{Name: "prod", Endpoint: "iris", Spec: keys(cluster.Pod{Context: "nowhere"})}, "", `context "nowhere" does not exist`},
		"no endpoint":             {deployfile.Target{Name: "prod"}, "", "the target has no endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Open(t.Context(), Options{Target: tt.target})
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.namespace != tt.namespace {
				t.Errorf("the namespace is %q", p.namespace)
			}
		})
	}
	t.Run("no kubeconfig", func(t *testing.T) {
		t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
		if _, err := Open(t.Context(), Options{Target: deployfile.Target{Name: "prod", Endpoint: "iris", Spec: keys(cluster.Pod{})}}); err == nil || !strings.Contains(err.Error(), "there is no kubeconfig") {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestNobodyThere gives up soon on a server that has never answered, and never
// tells the token.
func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	kubeconfig(t, "https://"+address)
	p, err := Open(t.Context(), Options{Target: deployfile.Target{Endpoint: "iris", Spec: keys(cluster.Pod{Context: "there"})}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = p.Revisions(ctx)
	want := `listing the revisions of iris: the cluster of context "there" at https://` + address + " does not answer: "
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") || ctx.Err() != nil {
		t.Errorf("the error is %v", err)
	}
}

// Messages do not name the password of an address.
func TestAddress(t *testing.T) {
	for host, want := range map[string]string{
		"https://ann:secret@example.com:6443": "https://ann:xxxxx@example.com:6443",
		"https://127.0.0.1:6443":              "https://127.0.0.1:6443",
		"example.com:6443":                    "example.com:6443",
	} {
		if got := address(host); got != want {
			t.Errorf("%s is named %s", host, got)
		}
	}
}

func keys(pod cluster.Pod) deployfile.Spec { return &kuberneteskind.Spec{Pod: pod} }
