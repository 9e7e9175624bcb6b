//go:build integration

package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// own makes rows of the model's example in a CSV file, and what the model says
// of them.
const own = `
import json, sys, mlflow.pyfunc, pandas
model = mlflow.pyfunc.load_model("model")
rows = pandas.DataFrame(**json.load(open("model/serving_input_example.json"))["dataframe_split"])
rows = pandas.concat([rows, rows * 1.5], ignore_index=True)
rows.to_csv(sys.argv[1], index=False)
print(json.dumps({"predictions": model.predict(rows).tolist()}))
`

// TestBatch scores rows of a volume and of a store, each with the image that is
// deployed.
func TestBatch(t *testing.T) {
	node := shared.clusters.Node(t)
	namespace := node.Namespace(t)
	store := lab.StartS3(t, lab.Network{Address: node.Address(), Command: node.Command, Dial: node.Dial}, "data")
	rows := volume{node.Volume(t)}
	u := &user{Project: lab.Example(t, shared.Parts, "../../examples/iris"), node: node}
	u.Write(t, "batch.txt", "boto3\n")
	u.Write(t, "Deployfile", u.Read(t, "Deployfile")+fmt.Sprintf(`
[environment]
requirements = ["batch.txt"]

[targets.prod]
kind      = "kubernetes"
namespace = %q
image     = "%s/iris-batch"
env-from  = ["secret/store"]
`, namespace, node.Registry))
	u.give(t, namespace, store.Env())
	want := u.own(t, rows.path("in/iris.csv"))
	if err := os.CopyFS(filepath.Join(store.Dir, "data/in"), os.DirFS(rows.path("in"))); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(rows.path("in/folder.csv"), 0o755); err != nil {
		t.Fatal(err)
	}
	u.run(t, u.builds("lock")...)
	u.run(t, u.builds("deploy", "prod")...)
	before := node.Objects(t, namespace)

	for name, x := range map[string]struct{ in, out, file string }{
		"a volume":               {"pvc://rows/in/iris.csv", "pvc://rows/out/iris.json", rows.path("out/iris.json")},
		"a store":                {"s3://data/in/iris.csv", "s3://data/out/iris.json", filepath.Join(store.Dir, "data/out/iris.json")},
		"a volume into a store":  {"pvc://rows/in/iris.csv", "s3://data/volume.json", filepath.Join(store.Dir, "data/volume.json")},
		"a store into a volume":  {"s3://data/in/iris.csv", "pvc://rows/store.json", rows.path("store.json")},
		"a store into this file": {"s3://data/in/iris.csv", "store.json", u.Path("store.json")},
	} {
		t.Run(name, func(t *testing.T) {
			if out := u.run(t, "predict", "--target", "prod", "--batch", x.in, x.out); out != "prod: wrote "+x.out+"\n" {
				t.Errorf("it says %q", out)
			}
			if d := cmp.Diff(want, predictions(t, x.file)); d != "" {
				t.Error(d)
			}
		})
	}
	for name, x := range map[string]struct {
		in, out, want string
	}{
		"no claim":  {"pvc://none/in/iris.csv", "s3://data/none.json", `has failed: persistentvolumeclaim "none" not found`},
		"no file":   {"pvc://rows/in/none.csv", "s3://data/none.json", "has failed: cannot read pvc://rows/in/none.csv: No such file or directory\n"},
		"a folder":  {"pvc://rows/in/iris.csv", "pvc://rows/in/folder.csv", "has failed: cannot write pvc://rows/in/folder.csv: Is a directory\n"},
		"no object": {"s3://data/in/none.csv", "pvc://rows/none.json", "has failed: cannot read s3://data/in/none.csv: NoSuchKey: "},
		"no bucket": {"pvc://rows/in/iris.csv", "s3://none/none.json", "has failed: cannot write s3://none/none.json: NoSuchBucket: "},
	} {
		t.Run(name, func(t *testing.T) {
			out, log, err := u.try(t, "predict", "--target", "prod", "--batch", x.in, x.out)
			if err == nil || !strings.Contains(log, x.want) || strings.Contains(log, "Traceback") {
				t.Errorf("%v, want %q\n%s%s", err, x.want, out, log)
			}
			if strings.Contains(log, store.SecretKey) {
				t.Errorf("it says what is secret:\n%s", log)
			}
		})
	}
	if d := cmp.Diff(before, node.Objects(t, namespace)); d != "" {
		t.Errorf("the batches leave something:\n%s", d)
	}
	u.run(t, "delete", "prod", "--yes")
}

// volume is the folder of a PersistentVolume. Who has made one owns it: root.
type volume struct{ dir string }

func (v volume) path(name string) string { return filepath.Join(v.dir, name) }

// give makes the claim and the Secret that the Deployfile and the batches name.
func (u *user) give(t *testing.T, namespace string, env map[string]string) {
	t.Helper()
	core := u.node.Client.CoreV1()
	if _, err := core.Secrets(namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "store"}, StringData: env}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := core.PersistentVolumeClaims(namespace).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "rows"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// own writes rows to a file, and returns what the model says of them here.
func (u *user) own(t *testing.T, file string) any {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	c := exec.CommandContext(ctx, shared.Python, "-c", own, file)
	c.Dir = u.Dir
	c.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true", "PYTHONDONTWRITEBYTECODE=1")
	var log strings.Builder
	c.Stderr = &log
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	var value any
	if err := json.Unmarshal(out, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func predictions(t *testing.T, file string) any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
