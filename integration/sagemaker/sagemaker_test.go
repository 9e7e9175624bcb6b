//go:build integration

package sagemaker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// server answers with its version and who it is. It cannot start if it is told so.
const server = `import json, os, signal, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if VERSION == "broken":
    sys.exit("ModuleNotFoundError: No module named 'iris'")
open("/tmp/used", "w").write("it is the place to write")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({"predictions": VERSION, "uid": os.getuid(), "headers": sorted(self.headers)})

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
`

// project is one whose server has a version.
func project(t *testing.T) *lab.Project {
	p := lab.Tiny(t, shared.Parts, "")
	version(t, p, "1")
	return p
}

func version(t *testing.T, p *lab.Project, v string) {
	t.Helper()
	p.Write(t, "code/answer.py", fmt.Sprintf("VERSION = %q\n", v)+server)
}

// endpoint is what deployfile open leads to.
func (u *user) open(t *testing.T) (url string) {
	t.Helper()
	cmd := u.command(t.Context(), "deployfile", "open", "aws", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	var said struct{ URL string }
	if err := json.NewDecoder(out).Decode(&said); err != nil || said.URL == "" {
		t.Fatalf("%v\n%s", err, log.String())
	}
	return said.URL
}

// post returns the version that answers.
func post(url string) (string, error) {
	res, err := http.Post(url+"/invocations", "application/json", strings.NewReader("{}"))
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	var answer struct {
		Predictions string
		UID         int
		Headers     []string
	}
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err == nil && answer.UID != uid {
		err = fmt.Errorf("user %d answers", answer.UID)
	}
	return answer.Predictions, err
}

// count counts the versions that answer n requests.
func count(t *testing.T, url string, n int) map[string]int {
	t.Helper()
	out := map[string]int{}
	for range n {
		v, err := post(url)
		if err != nil {
			t.Fatal(err)
		}
		out[v]++
	}
	return out
}

// TestCanary deploys real containers and sends a request every 20 ms throughout: none
// fails, a tenth gets to the canary, and answers change when they should.
func TestCanary(t *testing.T) {
	u := newUser(t, project(t), "strategy = \"canary\"\nweight = 10\n")
	u.Write(t, "request.json", "{}")
	first := u.build(t)
	u.run(t, "deploy", "aws", "--image", first)
	url := u.open(t)
	want := func(shares map[string]int) {
		t.Helper()
		if got := count(t, url, 100); fmt.Sprint(got) != fmt.Sprint(shares) {
			t.Errorf("the answers are %v, want %v", got, shares)
		}
	}
	want(map[string]int{"1": 100})

	var of [3]atomic.Int64 // requests of the load by the version that answered
	load := lab.StartLoad(t.Context(), func() error {
		v, err := post(url)
		if n, _ := strconv.Atoi(v); n > 0 && n < len(of) {
			of[n].Add(1)
		}
		return err
	})
	version(t, u.Project, "2")
	second := u.build(t)
	u.run(t, "deploy", "aws", "--image", second)
	// Of each ten requests one goes there, whoever sends it.
	stable, canary := of[1].Load(), of[2].Load()
	got := count(t, url, 400)
	all := of[1].Load() - stable + of[2].Load() - canary + 400
	if share := float64(of[2].Load()-canary+int64(got["2"])) / float64(all); share < 0.09 || share > 0.11 {
		t.Errorf("of %d requests the canary got %.3f", all, share)
	}
	for track, version := range map[string]string{"live": "1", "next": "2", "canary": "2"} {
		if out := u.run(t, "predict", "--target", "aws", "--track", track, "-i", "request.json"); !strings.Contains(out, fmt.Sprintf(`"predictions": %q`, version)) {
			t.Errorf("%s answers %s", track, out)
		}
	}
	if _, log, err := u.try(t, "predict", "--target", "aws", "--track", "green", "-i", "request.json"); err == nil || !strings.Contains(log, `there is no release "green" at the endpoint`) {
		t.Errorf("%v\n%s", err, log)
	}
	u.run(t, "promote", "aws")
	want(map[string]int{"2": 100})
	u.run(t, "rollback", "aws")
	want(map[string]int{"1": 100})

	// One that does not start: what was served is still served, and the log is shown.
	version(t, u.Project, "broken")
	broken := u.brokenBuild(t)
	_, log, err := u.try(t, "deploy", "aws", "--image", broken)
	if err == nil || !strings.Contains(log, "ping health check") || !strings.Contains(log, "ModuleNotFoundError: No module named 'iris'") || !strings.Contains(log, "is served again") {
		t.Errorf("%v\n%s", err, log)
	}
	want(map[string]int{"1": 100})
	load.WantNone(t)
	if _, sent := load.End(); sent < 100 {
		t.Errorf("%d requests were sent", sent)
	}

	if out, _, err := u.try(t, "diff", "--target", "aws", "--image", first); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out := u.run(t, "logs", "aws", "--tail", "5"); !strings.Contains(out, "ModuleNotFoundError") {
		t.Errorf("the log is %q", out)
	}
	u.run(t, "delete", "aws", "--yes")
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestMLflow has MLflow's own server answer as the user that SageMaker chooses, with nowhere
// to write but /tmp and no network.
func TestMLflow(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), "network-isolation = true\nstorage = \"s3://staging\"\n")
	u.run(t, "deploy", "aws", "--image", u.build(t))
	if out := u.run(t, "predict", "--target", "aws", "-i", "model/serving_input_example.json"); !strings.Contains(out, `"predictions"`) {
		t.Errorf("the answer is %s", out)
	}
	u.batch(t)
	_, log, err := u.try(t, "predict", "--target", "aws", "-i", "Deployfile", "--content-type", "application/json")
	if err == nil || !strings.Contains(log, "the model answers 400") {
		t.Errorf("%v\n%s", err, log)
	}
	u.run(t, "delete", "aws", "--yes")
}

// batch has the same server answer the rows of a file.
func (u *user) batch(t *testing.T) {
	t.Helper()
	const header, row = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n", "5.1,3.5,1.4,0.2\n"
	u.Write(t, "rows.csv", header+strings.Repeat(row, 1000))
	u.run(t, "predict", "--target", "aws", "--batch", "rows.csv", "answers.csv")
	if got, want := u.Read(t, "answers.csv"), "prediction\n"+strings.Repeat("0\n", 1000); got != want {
		t.Errorf("the answers are %.100q", got)
	}
	u.run(t, "predict", "--target", "aws", "--batch", "model/serving_input_example.json", "answers.jsonl")
	if got := u.Read(t, "answers.jsonl"); !strings.HasPrefix(got, "0\n") {
		t.Errorf("the answers are %.100q", got)
	}
}

// TestRefusedImage shows that CreateModel reads the manifest.
func TestRefusedImage(t *testing.T) {
	u := newUser(t, project(t), "")
	_, log, err := u.try(t, "deploy", "aws", "--image", ecrHost+"/iris@sha256:"+strings.Repeat("0", 64))
	if err == nil || !strings.Contains(log, "not found") || !strings.Contains(log, "create model iris-r1") {
		t.Errorf("%v\n%s", err, log)
	}
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestWitness has AWS's own client read what was made, and make what render says.
func TestWitness(t *testing.T) {
	u := newUser(t, project(t), "resource-tags = { team = \"flowers\" }\n")
	u.cloud.Start = nil
	image := u.build(t)
	u.run(t, "deploy", "aws", "--image", image)
	u.cloud.Wait(10 * time.Minute)
	u.run(t, "render", "aws", "--image", image, "-o", "documents")
	cmd := u.command(t.Context(), shared.Python, "-c", witness, image)
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
