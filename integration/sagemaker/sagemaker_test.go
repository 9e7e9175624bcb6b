//go:build integration

package sagemaker

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/clouds/endtoend"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestCanary shows that no request fails, and who answers.
func TestCanary(t *testing.T) {
	u := newUser(t, shared.Project(t), "strategy = \"canary\"\nweight = 10\n")
	if out := endtoend.Canary(t, u.User, uid, "ping health check", u.cloud.There); !strings.Contains(out, "ModuleNotFoundError") {
		t.Errorf("the log is %q", out)
	}
}

// TestMLflow has MLflow's own server answer as the user that SageMaker chooses, with nowhere
// to write but /tmp and no network.
func TestMLflow(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), "network-isolation = true\nstorage = \"s3://staging\"\n")
	u.Run(t, "deploy", "aws", "--image", u.Build(t))
	if out := u.Run(t, "predict", "--target", "aws", "-i", "model/serving_input_example.json"); !strings.Contains(out, `"predictions"`) {
		t.Errorf("the answer is %s", out)
	}
	u.batch(t)
	_, log, err := u.Try(t, "predict", "--target", "aws", "-i", "Deployfile", "--content-type", "application/json")
	if err == nil || !strings.Contains(log, "the model answers 400") {
		t.Errorf("%v\n%s", err, log)
	}
	u.Run(t, "delete", "aws", "--yes")
}

// batch has the same server answer the rows of a file.
func (u *user) batch(t *testing.T) {
	t.Helper()
	const header, row = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n", "5.1,3.5,1.4,0.2\n"
	u.Write(t, "rows.csv", header+strings.Repeat(row, 1000))
	u.Run(t, "predict", "--target", "aws", "--batch", "rows.csv", "answers.csv")
	if got, want := u.Read(t, "answers.csv"), "prediction\n"+strings.Repeat("0\n", 1000); got != want {
		t.Errorf("the answers are %.100q", got)
	}
	u.Run(t, "predict", "--target", "aws", "--batch", "model/serving_input_example.json", "answers.jsonl")
	if got := u.Read(t, "answers.jsonl"); !strings.HasPrefix(got, "0\n") {
		t.Errorf("the answers are %.100q", got)
	}
}

// TestRefusedImage shows that CreateModel reads the manifest.
func TestRefusedImage(t *testing.T) {
	u := newUser(t, shared.Project(t), "")
	_, log, err := u.Try(t, "deploy", "aws", "--image", ecr+"/iris@sha256:"+strings.Repeat("0", 64))
	if err == nil || !strings.Contains(log, "not found") || !strings.Contains(log, "create model iris-r1") {
		t.Errorf("%v\n%s", err, log)
	}
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestWitness has AWS's own client read what was made, and make what render says.
func TestWitness(t *testing.T) {
	u := newUser(t, shared.Project(t), "resource-tags = { team = \"flowers\" }\n")
	u.cloud.Start = nil
	image := u.Build(t)
	u.Run(t, "deploy", "aws", "--image", image)
	u.cloud.Wait(10 * time.Minute)
	u.Run(t, "render", "aws", "--image", image, "-o", "documents")
	cmd := u.Command(t.Context(), shared.Python, "-c", witness, image)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	u.cloud.Wait(10 * time.Minute)
}

const witness = `
import glob, sys, boto3, yaml

client = boto3.client("sagemaker")
e = client.describe_endpoint(EndpointName="iris")
assert e["EndpointStatus"] == "InService" and e["EndpointConfigName"] == "iris-r1", e
assert client.list_tags(ResourceArn=e["EndpointArn"])["Tags"] == [{"Key": "team", "Value": "flowers"}]
c = client.describe_endpoint_config(EndpointConfigName="iris-r1")
[variant] = c["ProductionVariants"]
m = client.describe_model(ModelName=variant["ModelName"])
assert m["PrimaryContainer"]["Image"] == sys.argv[1] and m["PrimaryContainer"]["Environment"]["PORT"] == "8080", m
answer = boto3.client("sagemaker-runtime").invoke_endpoint(EndpointName="iris", ContentType="application/json", Body=b"{}")
assert sys.argv[1].encode() in answer["Body"].read()

# The documents are requests: a second endpoint is made of them by hand.
documents = {path.split("/")[-1]: yaml.safe_load(open(path)) for path in glob.glob("documents/**/*.yaml", recursive=True)}
documents["endpoint.yaml"]["EndpointName"] = "other"
client.create_model(**documents["model-live.yaml"])
import time
for attempt in range(5):
    try:
        client.create_endpoint_config(**documents["endpoint-config.yaml"])
        break
    except client.exceptions.ClientError:
        pass
client.create_endpoint(**documents["endpoint.yaml"])
client.get_waiter("endpoint_in_service").wait(EndpointName="other", WaiterConfig={"Delay": 1})
client.delete_endpoint(EndpointName="other")
`

// TestAccountScript runs at the double what is there for a real account.
func TestAccountScript(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), "")
	script, err := filepath.Abs("../../hack/sagemaker-account.sh")
	if err != nil {
		t.Fatal(err)
	}
	// Each look sees the end of what was asked for: the program looks every ten seconds.
	u.cloud.Step = 10 * time.Minute
	image := u.Build(t)
	cmd := u.Command(t.Context(), script, ecr+"/iris", "arn:aws:iam::123456789012:role/Iris", "s3://staging/tmp")
	cmd.Env = append(cmd.Env, "IMAGE="+image, "XDG_CACHE_HOME="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
