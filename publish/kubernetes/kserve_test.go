package kubernetes

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestFromConditions has what KServe 0.20 reports in raw mode, as recorded.
func TestFromConditions(t *testing.T) {
	for name, x := range map[string]struct {
		status  string
		ready   bool
		message string
		trouble bool
	}{
		"not seen": {"{}", false, "KServe has not reported a condition Ready yet", false},
		"not ready": {`
conditions:
  - {status: Unknown, type: IngressReady}
  - {status: "False", type: PredictorReady}
  - {status: "False", type: Ready}
  - {severity: Info, status: "False", type: Stopped}
observedGeneration: 1
`, false, "KServe reports that it is not ready yet", false},
		"ready, and another generation": {`
conditions:
  - {status: "True", type: IngressReady}
  - {message: ReplicaSet "iris-serving-predictor-54c896964f" has successfully progressed., reason: NewReplicaSetAvailable, status: "True", type: PredictorReady}
  - {status: "True", type: Ready}
  - {severity: Info, status: "False", type: Stopped}
deploymentMode: Standard
observedGeneration: 8
url: http://iris-serving-models.example.com
`, true, "", false},
		"no quota": {`
components: {predictor: {}}
conditions:
  - {status: Unknown, type: IngressReady}
  - message: 'fails to reconcile predictor: deployments.apps "iris-serving-predictor" is forbidden: exceeded quota: q'
    reason: ReconcileFailed
    status: "False"
    type: PredictorReady
  - message: 'fails to reconcile predictor: deployments.apps "iris-serving-predictor" is forbidden: exceeded quota: q'
    reason: ReconcileFailed
    status: "False"
    type: Ready
`, false, "exceeded quota", true},
	} {
		t.Run(name, func(t *testing.T) {
			live := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(`
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: iris-serving, namespace: models}
`), &live.Object); err != nil {
				t.Fatal(err)
			}
			live.SetGeneration(9)
			var status map[string]any
			if err := yaml.Unmarshal([]byte(x.status), &status); err != nil {
				t.Fatal(err)
			}
			live.Object["status"] = status
			r, err := fromConditions(live)
			if err != nil {
				t.Fatal(err)
			}
			if r.ready != x.ready || (x.message != "" && !strings.Contains(r.message, x.message)) || (r.trouble != nil) != x.trouble {
				t.Errorf("got %+v, want %+v", r, x)
			}
		})
	}
}
