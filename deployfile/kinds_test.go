package deployfile_test

import (
	"os"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	deployfile.TestKinds = kinds.All()
	os.Exit(m.Run())
}

func targets(t *testing.T, text string) map[string]deployfile.Target {
	t.Helper()
	file, warnings, err := deployfile.Parse("D", []byte(text), kinds.All())
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	return file.Targets
}

// checkKeys compares a target's keys, in JSON and read back from there.
func checkKeys(t *testing.T, target deployfile.Target, want string) {
	t.Helper()
	got, err := target.Keys()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s: %s", target.Name, diff)
	}
	again, err := deployfile.NewTarget(target.Spec.Kind(), target.Name, target.Endpoint, got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(target, again); diff != "" {
		t.Errorf("%s read back: %s", target.Name, diff)
	}
	if err := deployfile.CheckTarget(target); err != nil {
		t.Errorf("%s checked again: %v", target.Name, err)
	}
}

func TestParseTargets(t *testing.T) {
	want := map[string]string{
		"local":   `{"address":"::1","format":"docker","network":"models","port":8080,"resources":{"cpu":"0.5","memory":"1.5Gi","gpus":1},"restart":"on-failure"}`,
		"node":    `{"format":"oci","network":"cni","port":8080}`,
		"release": `{"format":"oci","image":"registry.example.com/team/iris","port":8080,"tags":["1.4.0","latest"]}`,
		"prod": `{"allow-from":["*"],"autoscale":{"min":2,"max":8,"cpu":60},"context":"prod","env-from":["secret/a.b","config-map/c"],"format":"oci",` +
			`"http-route":{"gateway":"gateways/public","hosts":["iris.example.com","*.example.org"],"path":"/"},` +
			`"image":"registry.example.com/team/iris","image-pull-secrets":["login"],` +
			`"ingress":{"host":"*.example.com","path":"/iris","class":"nginx","tls-secret":"certificate"},` +
			`"min-available":"50%","model-volume":true,"namespace":"models","node-selector":{"example.com/pool":"inference","spot":""},` +
			`"patches":[{"kind":"Deployment","patch":"spec:\n  template:\n    spec:\n      priorityClassName: high\n"},` +
			`{"kind":"Service","name":"iris","patch":"[{ \"op\": \"remove\", \"path\": \"/spec/type\" }]"}],` +
			`"port":8080,"resources":{"cpu":"2","memory":"2Gi","gpus":2,"gpu-resource":"amd.com/gpu"},` +
			`"service-account":{"name":"iris","create":true,"annotations":{"example.com/role":"reader: all"}},"strategy":"canary",` +
			`"tolerations":[{},{"key":"nvidia.com/gpu","value":"present","effect":"NoSchedule"}],` +
			`"topology-spread":["topology.kubernetes.io/zone","kubernetes.io/hostname"],"weight":25}`,
		"serving": `{"autoscale":{"min":0,"max":4,"concurrency":8},"format":"oci","image":"registry.example.com/team/iris","mode":"serverless","port":8080,"strategy":"rolling"}`,
		"raw": `{"autoscale":{"min":1,"max":3,"cpu":80},"format":"oci","image":"registry.example.com/team/iris","mode":"raw","modelcar":true,"port":8080,` +
			`"resources":{"cpu":"1"},"strategy":"rolling"}`,
	}
	got := targets(t, deployfile.EveryTarget)
	if len(got) != len(want) {
		t.Errorf("%d targets", len(got))
	}
	for name, target := range got {
		checkKeys(t, target, want[name])
	}
	if got["prod"].Endpoint != "iris" || got["raw"].Endpoint != "iris-raw" || got["raw"].ModelApart() != deployfile.Modelcar {
		t.Errorf("%+v", got)
	}
}

// A target that says no more than its kind gets the defaults of that kind.
func TestParseAcceptsEveryTargetKind(t *testing.T) {
	tests := map[string]string{
		"docker":     `{"address":"127.0.0.1","format":"oci","port":8080,"restart":"unless-stopped"}`,
		"containerd": `{"format":"oci","network":"host","port":8080}`,
		"registry":   `{"format":"oci","port":8080}`,
		"kubernetes": `{"format":"oci","port":8080,"replicas":1,"strategy":"rolling"}`,
		"kserve":     `{"format":"oci","mode":"serverless","port":8080,"replicas":1,"strategy":"rolling"}`,
		"sagemaker": `{"execution-role":"arn:aws:iam::123456789012:role/Iris","format":"docker-manifest","instance-type":"ml.m5.large",` +
			`"port":8080,"replicas":1,"startup-timeout":"10m","strategy":"rolling"}`,
		"azureml": `{"auth-mode":"key","cloud":"public","format":"docker-manifest","identity":"system","instance-type":"Standard_DS3_v2",` +
			`"max-concurrent-requests":40,"port":8080,"replicas":1,"request-timeout":"1m","resource-group":"ml","startup-timeout":"10m",` +
			`"strategy":"rolling","subscription":"12345678-1234-1234-1234-123456789012","workspace":"team"}`,
	}
	for _, kind := range kinds.All() {
		target := targets(t, "[model]\nsource = 'model'\n[targets.x]\nkind = '"+kind.Name+"'\n"+deployfile.RequiredKeys(kind.Name))["x"]
		checkKeys(t, target, tests[kind.Name])
		if target.Name != "x" || target.Kind != kind.Name || target.Endpoint != "model-x" {
			t.Errorf("%+v", target)
		}
		if deployfile.RequiredKeys(kind.Name) != "" {
			continue
		}
		completed := deployfile.Target{Name: "x", Kind: kind.Name, Endpoint: "model-x", Port: 8080, Spec: kind.New()}
		completed.Complete()
		if diff := cmp.Diff(target, completed); diff != "" {
			t.Errorf("%s completed: %s", kind.Name, diff)
		}
	}
}
