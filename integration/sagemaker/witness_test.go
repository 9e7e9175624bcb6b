//go:build integration && clouds

package sagemaker

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWitness has AWS's own client, and its command line, read what was made, and make what
// render says.
func TestWitness(t *testing.T) {
	u := newUser(t, shared.Project(t), "resource-tags = { team = \"flowers\" }\nautoscale = { max = 3, invocations = 600 }\n")
	u.cloud.Start, u.cloud.Step = nil, 10*time.Minute
	image := u.Build(t)
	u.Run(t, "deploy", "aws", "--image", image)
	u.cloud.Wait(10 * time.Minute)
	u.Run(t, "render", "aws", "--image", image, "-o", "documents")
	cmd := u.Command(t.Context(), shared.Python, "-c", witness, image)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	u.cloud.Wait(10 * time.Minute)

	python := os.Getenv("DEPLOYFILE_TEST_AWS")
	cmd = u.Command(t.Context(), "bash", "-euxo", "pipefail", "-c", commandLine, "bash", image)
	cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(python)+":"+os.Getenv("PATH"), "PYTHON="+python)
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

// commandLine reads with aws what was made, and has it take the documents. That of version 1,
// which is a Python package, takes JSON where version 2 takes YAML as well.
const commandLine = `
is() { [ "$1" = "$2" ] || { echo "$1 is not $2"; exit 1; }; }
sagemaker() { aws sagemaker "$@" --output text; }

is "$(sagemaker describe-endpoint --endpoint-name iris --query '[EndpointStatus,EndpointConfigName]')" $'InService\tiris-r1'
arn=$(sagemaker describe-endpoint --endpoint-name iris --query EndpointArn)
is "$(sagemaker list-tags --resource-arn "$arn" --query 'Tags[].[Key,Value]')" $'team\tflowers'
model=$(sagemaker describe-endpoint-config --endpoint-config-name iris-r1 --query 'ProductionVariants[].ModelName')
is "$(sagemaker describe-model --model-name "$model" --query PrimaryContainer.Image)" "$1"
is "$(sagemaker list-models --name-contains iris-r --query 'Models[].ModelName')" iris-r1
aws sagemaker-runtime invoke-endpoint --endpoint-name iris --content-type application/json --body '{}' answer.json
grep -F "$1" answer.json
is "$(aws application-autoscaling describe-scalable-targets --service-namespace sagemaker --resource-ids endpoint/iris/variant/live --query 'ScalableTargets[].[MinCapacity,MaxCapacity]' --output text)" $'1\t3'

json() { "$PYTHON" -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin) | dict(a.split("=") for a in sys.argv[1:])))' "${@:2}" <"$(find documents -name "$1")"; }
sagemaker delete-model --model-name iris
sagemaker delete-endpoint-config --endpoint-config-name iris
sagemaker create-model --cli-input-json "$(json model-live.yaml)"
for attempt in 1 2 3 4 5; do
	sagemaker create-endpoint-config --cli-input-json "$(json endpoint-config.yaml)" && break
done
sagemaker create-endpoint --cli-input-json "$(json endpoint.yaml EndpointName=third)"
sagemaker wait endpoint-in-service --endpoint-name third
resource=endpoint/third/variant/live
aws application-autoscaling register-scalable-target --cli-input-json "$(json scaling-target.yaml ResourceId=$resource)"
aws application-autoscaling put-scaling-policy --cli-input-json "$(json scaling-policy.yaml ResourceId=$resource)"
aws application-autoscaling deregister-scalable-target --service-namespace sagemaker --resource-id $resource --scalable-dimension sagemaker:variant:DesiredInstanceCount
sagemaker delete-endpoint --endpoint-name third
`
