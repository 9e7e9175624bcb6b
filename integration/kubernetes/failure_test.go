//go:build integration

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	keys "github.com/deployfile/deployfile/manifests/cluster"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

// failures are releases that never serve.
func failures() map[string]struct {
	change func(*deployfile.Target)
	// timeout is long where the failure must be found earlier.
	timeout time.Duration
	// want are parts of the message.
	want []string
} {
	return map[string]struct {
		change  func(*deployfile.Target)
		timeout time.Duration
		want    []string
	}{
		"never ready": {fate(cluster.NeverReady), 4 * time.Second, []string{
			"it is not ready after 4s: 0 of 2 new instances are ready", "its readiness probe does not succeed", "Readiness probe failed", "listens on port",
		}},
		"cannot be pulled": {fate(cluster.PullError), time.Minute, []string{
			"cannot be pulled (ImagePullBackOff): Back-off pulling image", "Failed to pull image",
		}},
		"crashes": {fate(cluster.Crash), time.Minute, []string{
			"its server has ended 3 times, last with exit code 1", "Back-off restarting failed container server", "No module named 'sklearn'",
		}},
		"no such secret": {func(target *deployfile.Target) {
			pod(target).ServiceAccount = &keys.ServiceAccount{Name: "nobody"}
		}, time.Minute, []string{
			"its pods cannot be created", `serviceaccount "nobody" not found`, "FailedCreate",
		}},
		"no node": {func(target *deployfile.Target) {
			pod(target).NodeSelector = map[string]string{"example.com/gpu": "large"}
		}, 3 * time.Second, []string{"no node takes it: 0/1 nodes are available", "FailedScheduling"}},
	}
}

func TestNeverServes(t *testing.T) {
	t.Parallel()
	for name, tt := range failures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			p := l.open()
			fail := func(restored int) {
				t.Helper()
				begin := time.Now()
				_, err := publish.Deploy(t.Context(), p, l.version("bad", tt.change), options(tt.timeout))
				var failed *publish.NotReadyError
				if !errors.As(err, &failed) {
					t.Fatalf("the error is %T: %v", err, err)
				}
				if took := time.Since(begin); took > 40*time.Second {
					t.Errorf("it took %s", took)
				}
				if failed.Restored != restored {
					t.Errorf("revision %d is said to be restored, not %d", failed.Restored, restored)
				}
				for _, part := range tt.want {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("the message has no %q:\n%v", part, err)
					}
				}
			}
			fail(0)
			l.gone()

			l.deploy(p, l.version("good"))
			l.serve(map[string]int{"good": 2})
			before := l.objects()
			fail(1)
			if diff := cmp.Diff(before, l.objects()); diff != "" {
				t.Error(diff)
			}
			l.serve(map[string]int{"good": 2})
			// What follows is not held up, even by a condition of the failure.
			l.deploy(p, l.version("better"))
			l.serve(map[string]int{"better": 2})
		})
	}
}

// TestQuota has room for what serves alone.
func TestQuota(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "full"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"pods": resource.MustParse("2"), "services": resource.MustParse("1")}},
	}
	if _, err := l.cluster.Client.CoreV1().ResourceQuotas(l.namespace).Create(t.Context(), quota, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	l.eventually(func() string {
		q, err := l.cluster.Client.CoreV1().ResourceQuotas(l.namespace).Get(t.Context(), "full", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		pods := q.Status.Used["pods"]
		return cmp.Diff("2", pods.String())
	})
	before := l.objects()
	begin := time.Now()
	_, err := publish.Deploy(t.Context(), p, l.version("two"), options(time.Minute))
	var failed *publish.NotReadyError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "its pods cannot be created: ") || !strings.Contains(err.Error(), "exceeded quota: full") {
		t.Fatalf("the error is %T: %v", err, err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	// The controller tries again and again, each time with another name.
	if events := strings.Join(failed.Events, "\n"); strings.Count(events, "FailedCreate: ") != 1 {
		t.Errorf("the events are:\n%s", events)
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
	l.serve(map[string]int{"one": 2})

	// A second Service, the preview, is one too many.
	_, err = publish.Deploy(t.Context(), p, l.version("three", func(target *deployfile.Target) {
		pod(target).Strategy = "blue-green"
		pod(target).Replicas = 0
	}), options(20*time.Second))
	if err == nil || !strings.Contains(err.Error(), "exceeded quota") {
		t.Errorf("the error is %v", err)
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
}

func TestNoNamespace(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	target := l.target()
	pod(&target).Namespace = "nowhere"
	p := l.connect(l.cluster.Kubeconfig, target)
	_, err := publish.Deploy(t.Context(), p, l.version("one", func(target *deployfile.Target) { pod(target).Namespace = "nowhere" }), options(time.Minute))
	var missing *kubernetes.NamespaceError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "kubectl create namespace nowhere") {
		t.Fatalf("the error is %v", err)
	}
	status, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&publish.Status{Message: missing.Error()}, status); diff != "" {
		t.Errorf("the status:\n%s", diff)
	}
}

// role is all that deploying needs.
func role(except ...string) []rbacv1.PolicyRule {
	resources := map[string][]string{"": {"services", "pods", "pods/log", "events"}, "apps": {"deployments", "replicasets", "controllerrevisions"}}
	var out []rbacv1.PolicyRule
	for group, list := range resources {
		for _, r := range list {
			for _, verb := range []string{"get", "list", "create", "patch", "delete"} {
				if !slices.Contains(except, verb+" "+r) {
					out = append(out, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{r}, Verbs: []string{verb}})
				}
			}
		}
	}
	return out
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rules []rbacv1.PolicyRule
		want  string
	}{
		"enough":        {role(), ""},
		"none":          {nil, `no permission to list controllerrevisions.apps in namespace "%s"`},
		"half":          {role("delete services", "patch deployments"), `no permission to patch deployments.apps, delete services in namespace "%s"`},
		"no records":    {role("create controllerrevisions"), `no permission to create controllerrevisions.apps in namespace "%s"`},
		"not its logs":  {role("get pods/log"), ""},
		"no pods":       {role("list pods"), `no permission to list pods in namespace "%s"`},
		"no revisions":  {role("list replicasets"), `no permission to list replicasets.apps in namespace "%s"`},
		"no new things": {role("create services", "create deployments"), `no permission to create deployments.apps, create services in namespace "%s"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			p := l.connect(l.cluster.User(t, l.namespace, tt.rules...), l.target())
			deploy := func() error {
				_, err := publish.Deploy(t.Context(), p, l.version("one"), options(time.Minute))
				return err
			}
			if tt.want == "" {
				// The API server takes a moment to read a new role.
				l.eventually(func() string {
					if err := deploy(); err != nil {
						return err.Error()
					}
					return ""
				})
				l.serve(map[string]int{"one": 2})
				return
			}
			want := fmt.Sprintf(tt.want, l.namespace)
			refused := func() {
				t.Helper()
				l.eventually(func() string {
					err := deploy()
					var denied *kubernetes.PermissionError
					if !errors.As(err, &denied) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "system:serviceaccount:kube-public:user-") {
						return fmt.Sprintf("the error is %v, and has no %q", err, want)
					}
					return ""
				})
			}
			refused()
			l.gone()

			l.deploy(l.open(), l.version("zero"))
			l.serve(map[string]int{"zero": 2})
			before := l.objects()
			refused()
			if diff := cmp.Diff(before, l.objects()); diff != "" {
				t.Error(diff)
			}
			l.serve(map[string]int{"zero": 2})
		})
	}
}

// TestInterrupted ends the deployment in the middle.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	before := l.objects()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(time.Minute)
	o.Progress = func(line string) {
		if strings.Contains(line, "new instances are ready") {
			cancel()
		}
	}
	_, err := publish.Deploy(ctx, p, l.version("two", fate(cluster.NeverReady)), o)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was interrupted; revision 1 is served again") {
		t.Errorf("the error is %v", err)
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
	l.serve(map[string]int{"one": 2})
}
