//go:build integration

package cluster

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func fast(t *testing.T) *FastCluster {
	t.Helper()
	begin := time.Now()
	f := clusters.Fast(t)
	t.Logf("the fast cluster is there after %.1f s", time.Since(begin).Seconds())
	return f
}

func TestFastRollout(t *testing.T) {
	f := fast(t)
	ns := f.Namespace(t)
	if got := f.Objects(t, ns); len(got) > 0 {
		t.Errorf("a new namespace has %v", got)
	}
	create(t, f.Cluster, ns, "app", "example.com/app:1", "")
	begin := time.Now()
	waitFor(t, "the rollout", func(ctx context.Context) (bool, string) {
		d := deployment(ctx, t, f.Cluster, ns, "app")
		return d.Status.AvailableReplicas == 2, d.Status.String()
	})
	t.Logf("two replicas are available after %.1f s", time.Since(begin).Seconds())
	kinds := map[string]int{}
	for _, o := range f.Objects(t, ns) {
		kind, _, _ := strings.Cut(o, "/")
		kinds[kind]++
	}
	if diff := cmp.Diff(map[string]int{"Deployment.apps": 1, "ReplicaSet.apps": 1, "Pod": 2}, kinds); diff != "" {
		t.Error(diff)
	}

	pods := podsOf(t.Context(), t, f.Cluster, ns)
	log, err := f.Client.CoreV1().Pods(ns).GetLogs(pods[0].Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil || !strings.Contains(string(log), "listens on port") {
		t.Errorf("the log is %q, %v", log, err)
	}
	policy := metav1.DeletePropagationForeground
	if err := f.Client.AppsV1().Deployments(ns).Delete(t.Context(), "app", metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the deletion", func(context.Context) (bool, string) {
		left := f.Objects(t, ns)
		return len(left) == 0, strings.Join(left, " ")
	})
}

func TestFastFates(t *testing.T) {
	f := fast(t)
	for fate, want := range map[Fate]struct{ waiting, event, log string }{
		NeverReady: {"", "Readiness probe failed", "listens on port"},
		Crash:      {"CrashLoopBackOff", "Back-off restarting", "No module named 'sklearn'"},
		PullError:  {"ImagePullBackOff", "Failed to pull image", ""},
	} {
		t.Run(string(fate), func(t *testing.T) {
			ns := f.Namespace(t)
			create(t, f.Cluster, ns, "app", "example.com/app:1", fate)
			waitFor(t, "the deadline", func(ctx context.Context) (bool, string) {
				d := deployment(ctx, t, f.Cluster, ns, "app")
				for _, c := range d.Status.Conditions {
					if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
						return true, ""
					}
				}
				return false, d.Status.String()
			})
			for _, pod := range podsOf(t.Context(), t, f.Cluster, ns) {
				s := pod.Status.ContainerStatuses[0]
				if s.Ready {
					t.Errorf("%s is ready", pod.Name)
				}
				if s.State.Waiting == nil != (want.waiting == "") || s.State.Waiting != nil && s.State.Waiting.Reason != want.waiting {
					t.Errorf("%s is in state %v", pod.Name, s.State)
				}
				log, err := f.Client.CoreV1().Pods(ns).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
				if !strings.Contains(string(log), want.log) || (err == nil) != (want.log != "") {
					t.Errorf("the log is %q, %v", log, err)
				}
			}
			events, err := f.Client.CoreV1().Events(ns).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Pod,type=Warning"})
			if err != nil || len(events.Items) == 0 || !strings.Contains(events.Items[0].Message, want.event) {
				t.Errorf("the events are %v, %v", events, err)
			}
		})
	}
}

// TestFastSteer changes what becomes of pods that run.
func TestFastSteer(t *testing.T) {
	f := fast(t)
	ns := f.Namespace(t)
	f.Steer(t, ns, func(pod *corev1.Pod) Fate {
		if pod.Spec.Containers[0].Image == "example.com/app:2" {
			return NeverReady
		}
		return ""
	})
	available := func(image string, replicas, updated int32) {
		waitFor(t, image, func(ctx context.Context) (bool, string) {
			s := deployment(ctx, t, f.Cluster, ns, "app").Status
			return s.AvailableReplicas == replicas && s.UpdatedReplicas == updated, s.String()
		})
	}
	create(t, f.Cluster, ns, "app", "example.com/app:1", "")
	available("app:1", 2, 2)
	patch(t, f.Cluster, ns, "app", "example.com/app:2")
	available("app:1 beside app:2", 2, 1)
	f.Steer(t, ns, nil)
	available("app:2", 2, 2)
	f.Steer(t, ns, func(*corev1.Pod) Fate { return Crash })
	available("app:2, which crashes", 0, 2)
}

func TestFastJob(t *testing.T) {
	f := fast(t)
	ns := f.Namespace(t)
	for name, fate := range map[string]Fate{"good": "", "bad": Fail} {
		backoff := int32(0)
		job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: batchv1.JobSpec{BackoffLimit: &backoff, Template: template("app", "example.com/app:1", fate)}}
		job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		if _, err := f.Client.BatchV1().Jobs(ns).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		waitFor(t, name, func(ctx context.Context) (bool, string) {
			j, err := f.Client.BatchV1().Jobs(ns).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return (j.Status.Succeeded == 1) == (name == "good") && (j.Status.Failed == 1) == (name == "bad") && j.Status.CompletionTime != nil == (name == "good"), j.Status.String()
		})
	}
}

// TestFastUser may read the pods of its namespace and nothing else.
func TestFastUser(t *testing.T) {
	f := fast(t)
	ns, other := f.Namespace(t), f.Namespace(t)
	kubeconfig := f.User(t, ns, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the role", func(ctx context.Context) (bool, string) {
		_, err := client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
		return err == nil, ""
	})
	if _, err := client.CoreV1().Pods(other).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing the pods of another namespace: %v", err)
	}
	if _, err := client.CoreV1().Services(ns).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing services: %v", err)
	}
	if got := f.Objects(t, ns); len(got) > 0 {
		t.Errorf("the user adds %v to the namespace", got)
	}
}

func TestFastRestart(t *testing.T) {
	f := fast(t)
	ns := f.Namespace(t)
	create(t, f.Cluster, ns, "app", "example.com/app:1", "")
	begin := time.Now()
	f.RestartServer(t, func() {
		if _, err := f.Client.CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{}); err == nil {
			t.Error("there still is an API server")
		}
	})
	t.Logf("the API server is back after %.1f s", time.Since(begin).Seconds())
	patch(t, f.Cluster, ns, "app", "example.com/app:2")
	waitFor(t, "the rollout", func(ctx context.Context) (bool, string) {
		s := deployment(ctx, t, f.Cluster, ns, "app").Status
		return s.UpdatedReplicas == 2 && s.AvailableReplicas == 2 && s.Replicas == 2, s.String()
	})
}

// TestStartFailure: the errors of children say what to do.
func TestStartFailure(t *testing.T) {
	p, err := start(exec.Command("sh", "-c", "echo words; exit 3"), t.TempDir()+"/log/child")
	if err != nil {
		t.Fatal(err)
	}
	<-p.exited
	if err := p.check(); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "words") {
		t.Errorf("the error is %v", err)
	}
	if _, err := start(exec.Command("no-such-program"), t.TempDir()+"/log"); err == nil || !strings.Contains(err.Error(), "make kubernetes") {
		t.Errorf("the error is %v", err)
	}
}
