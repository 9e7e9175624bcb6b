//go:build integration

package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestClusterScripts runs what needs no more of Kubernetes than its control
// plane: no image is built or pulled, and the variable DEPLOYFILE_TEST_FATE
// says what becomes of the pods.
func TestClusterScripts(t *testing.T) {
	var clusters cluster.Shared
	t.Cleanup(clusters.Close)
	c := clusters.Fast(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cluster",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", c.Kubeconfig)
			e.Setenv("NAMESPACE", c.Namespace(t))
			return setup(e)
		},
		Cmds:                clusterCommands(t, c.Cluster),
		RequireExplicitExec: true,
	})
}

// clusterCommands returns the commands that read or change the script's namespace.
func clusterCommands(t *testing.T, c *cluster.Cluster) map[string]func(*testscript.TestScript, bool, []string) {
	all := commands()
	// edit changes a Deployment as kubectl edit does: edit NAME MERGE-PATCH.
	all["edit"] = func(ts *testscript.TestScript, _ bool, args []string) {
		_, err := c.Client.AppsV1().Deployments(ts.Getenv("NAMESPACE")).Patch(t.Context(), args[0], types.MergePatchType, []byte(args[1]), metav1.PatchOptions{FieldManager: "kubectl-edit"})
		ts.Check(err)
	}
	// objects waits until the namespace has these objects, of all kinds, and the
	// pods and what else controllers make besides: objects KIND/NAME….
	all["objects"] = func(ts *testscript.TestScript, _ bool, args []string) {
		var found []string
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(pollObjects) {
			found = slices.DeleteFunc(c.Objects(t, ts.Getenv("NAMESPACE")), func(o string) bool {
				kind, _, _ := strings.Cut(o, "/")
				return slices.Contains([]string{"Endpoints", "EndpointSlice.discovery.k8s.io", "Pod", "ReplicaSet.apps"}, kind)
			})
			if slices.Equal(found, args) {
				return
			}
		}
		ts.Fatalf("there are %v, not %v", found, args)
	}
	// pods waits until the namespace has so many pods, all ready and of an image
	// whose digest begins so: pods COUNT DIGITS.
	all["pods"] = func(ts *testscript.TestScript, _ bool, args []string) {
		said := ""
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(pollObjects) {
			list, err := c.Client.CoreV1().Pods(ts.Getenv("NAMESPACE")).List(t.Context(), metav1.ListOptions{})
			ts.Check(err)
			good := 0
			said = ""
			for _, pod := range list.Items {
				ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
					return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
				})
				if ready && strings.Contains(pod.Spec.Containers[0].Image, "@sha256:"+args[1]) {
					good++
				}
				said += fmt.Sprintf("\n%s %s %v", pod.Name, pod.Spec.Containers[0].Image, ready)
			}
			if fmt.Sprint(good) == args[0] && good == len(list.Items) {
				return
			}
		}
		ts.Fatalf("there are not %s pods of %s:%s", args[0], args[1], said)
	}
	return all
}

// pollObjects is how long between two looks at the cluster.
const pollObjects = 200 * time.Millisecond
