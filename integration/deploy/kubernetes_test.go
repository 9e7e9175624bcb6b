//go:build integration

package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const input = "model/serving_input_example.json"

// TestKubernetes is the life of an endpoint: deployed, asked, deployed again
// under load, rolled back, broken, deleted.
func TestKubernetes(t *testing.T) {
	node := shared.clusters.Node(t)
	namespace := node.Namespace(t)
	u := &user{Project: lab.Example(t, shared.Parts, "../../examples/iris"), node: node}
	u.Write(t, "Deployfile", u.Read(t, "Deployfile")+fmt.Sprintf(`
[targets.prod]
kind      = "kubernetes"
namespace = %q
image     = "%s/iris"
replicas  = 2
`, namespace, node.Registry))
	u.run(t, u.builds("lock")...)

	u.run(t, u.builds("deploy", "prod")...)
	first := u.images(t, namespace)
	if len(first) != 2 || first[0] != first[1] {
		t.Fatalf("the pods run %q", first)
	}
	u.answers(t, namespace, 0.0, 1.0, 2.0)

	// The same again changes nothing.
	if out := u.run(t, u.builds("deploy", "prod", "--json")...); !strings.Contains(out, `"unchanged"`) {
		t.Errorf("deploying again says %s", out)
	}

	l := &load{client: u.client(), url: u.url(t, namespace, "iris-prod"), body: []byte(u.Read(t, input))}
	u.retrain(t, "2 - species")
	u.run(t, u.builds("lock")...)
	l.during(t, func() { u.run(t, u.builds("deploy", "prod")...) })
	second := u.images(t, namespace)
	if len(second) != 2 || second[0] == first[0] || second[1] == first[0] {
		t.Errorf("after the second deployment the pods run %q, before %q", second, first)
	}
	u.answers(t, namespace, 2.0, 1.0, 0.0)

	// A model that cannot be loaded: the image is made without the step that
	// would have found out.
	u.Edit(t, "model/MLmodel", "loader_module: ", "loader_module: missing_")
	u.run(t, u.builds("lock")...)
	l.during(t, func() {
		_, log, err := u.try(t, u.builds("deploy", "prod", "--no-verify", "--timeout=1m")...)
		if err == nil || !strings.Contains(log, "missing_") || !strings.Contains(log, "revision 2 is served again") {
			t.Errorf("a model that cannot be loaded: %v\n%s", err, lab.Tail(log))
		}
	})
	if t.Failed() {
		u.logEvents(t, namespace)
	}
	if d := cmp.Diff(second, u.images(t, namespace)); d != "" {
		t.Errorf("a deployment that failed changed the pods:\n%s", d)
	}

	l.during(t, func() { u.run(t, "rollback", "prod") })
	if d := cmp.Diff(first, u.images(t, namespace)); d != "" {
		t.Errorf("rolling back did not bring back the first pods:\n%s", d)
	}
	u.answers(t, namespace, 0.0, 1.0, 2.0)

	u.run(t, "delete", "prod", "--yes")
	u.nothingLeft(t, namespace)
}

// nothingLeft waits for the cluster's own collection of garbage.
func (u *user) nothingLeft(t *testing.T, namespace string) {
	t.Helper()
	var left []string
	for range 60 {
		if left = u.node.Objects(t, namespace); len(left) == 0 {
			return
		}
		time.Sleep(time.Second)
	}
	t.Errorf("delete left %q", left)
}

// retrain makes the example's model again, with other classes of its rows.
func (u *user) retrain(t *testing.T, classes string) {
	t.Helper()
	u.Edit(t, "make_model.py", "fit(features, species)", "fit(features, "+classes+")")
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	c := exec.CommandContext(ctx, shared.Python, "make_model.py")
	c.Dir = u.Dir
	c.Env = append(os.Environ(), "MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(t.TempDir(), "mlflow.db"),
		"MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "PYTHONDONTWRITEBYTECODE=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(string(out)))
	}
}

// answers checks what the endpoint says of the example's rows, by its Service
// and by the command line.
func (u *user) answers(t *testing.T, namespace string, predictions ...any) {
	t.Helper()
	want := map[string]any{"predictions": predictions}
	byCommand := u.run(t, "predict", "--target", "prod", "-i", input)
	var got map[string]any
	if err := json.Unmarshal([]byte(byCommand), &got); err != nil {
		t.Fatalf("predict --target answers %s", byCommand)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("predict --target:\n%s", d)
	}
	url := u.url(t, namespace, "iris-prod")
	u.routed(t, url)
	var d string
	for start := time.Now(); time.Since(start) < proxyTime; time.Sleep(time.Second) {
		if d = cmp.Diff(want, u.answer(t, url)); d == "" {
			return
		}
	}
	t.Errorf("by its Service:\n%s", d)
}

// answer is what an address says of the example's rows.
func (u *user) answer(t *testing.T, url string) map[string]any {
	t.Helper()
	res, err := u.client().Post(url+"/invocations", "application/json", strings.NewReader(u.Read(t, input)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// client makes a connection for each request, as new users of an endpoint do.
func (u *user) client() *http.Client {
	return &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{DialContext: u.node.Dial, DisableKeepAlives: true},
	}
}

// proxyTime bounds the wait for the cluster's proxies to follow its endpoints.
const proxyTime = 30 * time.Second

// routed waits until the proxy of the node has heard of a Service: until then
// its address refuses connections, although the endpoints are ready.
func (u *user) routed(t *testing.T, url string) {
	t.Helper()
	var err error
	for start := time.Now(); time.Since(start) < proxyTime; time.Sleep(50 * time.Millisecond) {
		var res *http.Response
		if res, err = u.client().Get(url + "/ping"); err == nil {
			res.Body.Close()
			return
		}
	}
	t.Fatal(err)
}

// url is that of a Service.
func (u *user) url(t *testing.T, namespace, service string) string {
	t.Helper()
	s, err := u.node.Client.CoreV1().Services(namespace).Get(t.Context(), service, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("http://%s:%d", s.Spec.ClusterIP, s.Spec.Ports[0].Port)
}

// images are what the pods run that are not on their way out.
func (u *user) images(t *testing.T, namespace string) []string {
	t.Helper()
	pods, err := u.node.Client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil {
			images = append(images, p.Spec.Containers[0].Image)
		}
	}
	return images
}

// logEvents shows what the cluster says of a test that failed.
func (u *user) logEvents(t *testing.T, namespace string) {
	t.Helper()
	events, err := u.node.Client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		t.Logf("%s %d× %s %s: %s", e.LastTimestamp.Format(time.TimeOnly), e.Count, e.InvolvedObject.Name, e.Reason, e.Message)
	}
}
