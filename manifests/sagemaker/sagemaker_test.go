package sagemaker_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/rendered"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/sagemaker"
)

var update = flag.Bool("update", false, "write the golden files again")

const (
	repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/iris"
	head       = "[model]\nsource = 'iris'\n[targets.prod]\nkind = 'sagemaker'\n"
	role       = "execution-role = 'arn:aws:iam::123456789012:role/Iris'\n"
	image      = "image = '" + repository + "'\n"
	instance   = "instance-type = 'ml.m5.large'\n"
)

// parse returns the target of a Deployfile.
func parse(t *testing.T, text string) deployfile.Target {
	t.Helper()
	file, warnings, err := deployfile.Parse("D", []byte(text), []deployfile.Kind{sagemaker.Kind()})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	return file.Targets["prod"]
}

func release(t *testing.T, version, keys string) manifests.Release {
	t.Helper()
	r := manifests.Release{
		Model: "iris", Version: version, Target: parse(t, head+role+keys), Port: 5000,
		Image: repository + "@sha256:" + strings.Repeat(version, 64),
	}
	if s, ok := r.Target.Spec.(*sagemaker.Spec); ok && s.Data != "" {
		r.ModelImage = s.ModelData("iris-prod", strings.Repeat(version, 64))
	}
	return r
}

// The documents are the bodies of requests, and always the same bytes.
func TestRender(t *testing.T) {
	full := image + instance + `
region = "eu-central-1"
profile = "prod"
assume-role = "arn:aws:iam::123456789012:role/Deployer"
replicas = 3
startup-timeout = "20m"
volume-size = 30
kms-key = "alias/iris"
network-isolation = true
resource-tags = { team = "flowers", "cost centre" = "42" }
env = { LOG_LEVEL = "info" }
model-config = { temperature = 0.5 }
[targets.prod.vpc]
subnets = ["subnet-1", "subnet-2"]
security-groups = ["sg-1"]
[targets.prod.data-capture]
destination = "s3://captured/iris"
percentage = 20
modes = ["output"]
`
	canary := image + instance + "strategy = 'canary'\nweight = 20\nreplicas = 8\n"
	preview := image + instance + "strategy = 'blue-green'\nreplicas = 2\n"
	serverless := image + "[targets.prod.serverless]\nmemory = 2048\nprovisioned-concurrency = 2\n"
	for name, keys := range map[string][]string{
		"least":      {image + instance},
		"full":       {full},
		"canary":     {canary, canary},
		"blue-green": {preview, preview},
		"mirror":     {preview + "mirror = 20\n", preview + "mirror = 20\n"},
		"serverless": {serverless},
		"autoscale":  {image + instance + "[targets.prod.autoscale]\nmin = 2\nmax = 6\ninvocations = 600\nscale-out-wait = '1m'\n"},
		"async":      {image + instance + "kms-key = 'alias/iris'\n[targets.prod.async]\noutput = 's3://answers/iris/'\nmax-concurrency = 4\nerror-topic = 'arn:aws:sns:eu-central-1:123456789012:errors'\n"},
		"queue":      {image + instance + "[targets.prod.async]\noutput = 's3://answers/iris'\n[targets.prod.autoscale]\nmax = 6\nbacklog = 5\n"},
		"model-data": {image + instance + "model-data = 's3://models/flowers/'\n"},
		"guarded":    {image + instance + "[targets.prod.rollout]\ntype = 'linear'\nsize = 25\nwait = '2m'\ntermination-wait = '1m'\ntimeout = '1h'\nalarms = ['iris errors']\n"},
		"batches":    {image + instance + "[targets.prod.rollout]\ntype = 'rolling'\nsize = 10\nalarms = ['iris errors']\n"},
	} {
		t.Run(name, func(t *testing.T) {
			state := manifests.Deployed(nil, release(t, "1", keys[0]))
			if len(keys) > 1 {
				state = manifests.Deployed(&state, release(t, "2", keys[1]))
			}
			rendered.Check(t, filepath.Join("testdata", name+".yaml"), state, *update)
		})
	}
}

// An image that SageMaker could not pull is refused, wherever its name comes from.
func TestRenderRefuses(t *testing.T) {
	for image, want := range map[string]string{
		"registry.example.com/iris@sha256:1":                                                                        "SageMaker pulls from ECR alone",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/iris@sha256:1":                                                "the image is in region us-east-1",
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example/iris@s":                                       "SageMaker pulls from ECR alone",
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com/" + strings.Repeat("a/", 100) + "iris@sha256:012345678901": "more than the 255 characters",
	} {
		r := release(t, "1", "region = 'eu-central-1'\n"+instance)
		r.Image = image
		if _, err := manifests.Render(manifests.Deployed(nil, r)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", image, err, want)
		}
	}
}

// An image without a model needs one that is in S3, and no other takes one.
func TestRenderModelData(t *testing.T) {
	in := "s3://models/iris-prod/" + strings.Repeat("0", 64) + "/"
	for _, test := range []struct{ keys, model, want string }{
		{"model-data = 's3://models'\n", in, ""},
		{"model-data = 's3://models'\n", "", "nothing says which model goes with the image"},
		{"model-data = 's3://models'\n", "s3://models/iris/", "is no model in S3"},
		{"model-data = 's3://models'\n", repository + "@sha256:0", "is no model in S3"},
		{"", in, "was built without the model: set model-data"},
	} {
		r := release(t, "1", image+instance+test.keys)
		r.ModelImage = test.model
		_, err := manifests.Render(manifests.Deployed(nil, r))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %s: %v, want %q", test.keys, test.model, err, test.want)
		}
	}
}

// What is wrong is said at the line of its key.
func TestCheck(t *testing.T) {
	all := head + role + image + instance
	serverless := head + role + image + "[targets.prod.serverless]\nmemory = 2048\n"
	for text, want := range map[string]string{
		head + image + instance:                                          `D:3:10: error: targets.prod.execution-role is missing`,
		head + role + image:                                              `D:3:10: error: targets.prod.instance-type is missing: it is what the server runs on`,
		all + "[targets.prod.serverless]\nmemory = 2048\n":               `D:7:1: error: targets.prod.instance-type and targets.prod.serverless are two ways`,
		head + role + image + "instance-type = 'm5.large'\n":             `D:7:17: error: targets.prod.instance-type "m5.large" must be a type of instance of SageMaker; write "ml.m5.large"`,
		head + "execution-role = 'Iris'\n" + image + instance:            `D:5:18: error: targets.prod.execution-role "Iris" must be the ARN of a role`,
		head + role + instance + "image = 'registry.example.com/a'":      `D:7:9: error: SageMaker pulls from ECR alone, and "registry.example.com/a" is elsewhere`,
		head + role + instance + "[image]\ntags = ['example.com/a']":     `D:4:8: error: SageMaker pulls from ECR alone`,
		all + "region = 'us-east-1'\n":                                   `D:8:10: error: targets.prod.region is "us-east-1", but the image is in "eu-central-1"`,
		all + "region = 'Frankfurt'\n":                                   `D:8:10: error: targets.prod.region "Frankfurt" must be a region of AWS`,
		all + "port = 5000\n":                                            `D:8:8: error: targets.prod.port is 5000, but SageMaker sends requests to port 8080`,
		all + "format = 'oci'\n":                                         `D:8:10: error: unknown targets.prod.format "oci"`,
		all + "startup-timeout = '2h'\n":                                 `D:8:19: error: targets.prod.startup-timeout "2h" must be a time from "1m" to "1h"`,
		all + "volume-size = 600\n":                                      `D:8:15: error: targets.prod.volume-size must be from 1 to 512`,
		all + "weight = 5\n":                                             `D:8:1: error: targets.prod.weight is only for strategy "canary"`,
		all + "env = { PORT = '5000' }\n":                                `D:8:9: error: targets.prod.env.PORT is always 8080 on SageMaker`,
		all + "env = { A = '" + strings.Repeat("é", 513) + "' }\n":       `D:8:9: error: targets.prod.env.A is longer than 1024 bytes`,
		all + variables(100, 1):                                          `D:8:15: error: targets.prod.env has more variables than the 100`,
		all + variables(40, 1000):                                        `D:8:15: error: targets.prod.env has 40`,
		all + "resource-tags = { 'aws:a' = 'b' }\n":                      `D:8:19: error: tag key "aws:a" must be`,
		all + "resource-tags = { 'deployfile:a' = 'b' }\n":               `D:8:19: error: tag key "deployfile:a" must be`,
		all + "resource-tags = { a = '{}' }\n":                           `D:8:23: error: targets.prod.resource-tags.a "{}" must be`,
		all + "[targets.prod.vpc]\nsubnets = ['subnet-1']\n":             `D:8:15: error: targets.prod.vpc.security-groups is missing`,
		all + "vpc = { subnets = [], security-groups = ['sg-1'] }\n":     `D:8:19: error: targets.prod.vpc.subnets must have from 1 to 16, but has 0`,
		all + "autoscale.max = 3\n":                                      `D:8:1: error: targets.prod.autoscale.invocations is missing`,
		all + "autoscale = { min = 4, max = 3, invocations = 9 }\n":      `D:8:21: error: targets.prod.autoscale.min is 4, more than max, which is 3`,
		all + "replicas = 2\nautoscale = { max = 3, invocations = 9 }\n": `D:8:1: error: targets.prod.autoscale is set, so targets.prod.replicas has no effect`,
		head + role + image + "serverless.memory = 2048\nautoscale = { max = 3, invocations = 9 }\n":              `D:8:1: error: a serverless endpoint has no targets.prod.autoscale`,
		head + role + image + "instance-type = 'ml.t2.large'\nautoscale = { max = 3, invocations = 9 }\n":         `D:8:1: error: targets.prod.autoscale is not for ml.t2.large`,
		all + "strategy = 'canary'\nmirror = 5\n":                                                                 `D:9:1: error: targets.prod.mirror is only for strategy "blue-green"`,
		all + "async.max-concurrency = 3\n":                                                                       `D:8:1: error: targets.prod.async.output is missing`,
		all + "async = { output = 's3://a-b/c', error-topic = 'errors' }\n":                                       `error: targets.prod.async.error-topic "errors" must be the ARN of a topic of Amazon SNS`,
		all + "strategy = 'canary'\nasync.output = 's3://a-b/c'\n":                                                `D:8:12: error: targets.prod.strategy "canary" is not for an asynchronous endpoint`,
		all + "autoscale = { max = 3, invocations = 9 }\nasync.output = 's3://a-b/c'\n":                           `D:8:24: error: targets.prod.autoscale.invocations is not for this endpoint: backlog decides; for example: backlog = 5`,
		all + "autoscale = { max = 3 }\nasync.output = 's3://a-b/c'\n":                                            `D:8:1: error: targets.prod.autoscale.backlog is missing: it is how many requests are to wait for an instance`,
		all + "autoscale = { min = 0, max = 3, invocations = 9 }\n":                                               `D:8:21: error: targets.prod.autoscale.min is 0, and only an asynchronous endpoint keeps requests`,
		all + "autoscale = { max = 3, backlog = 9 }\n":                                                            `D:8:24: error: targets.prod.autoscale.backlog is not for this endpoint: invocations decides`,
		all + "model-data = 's3://a-b'\nbatch.instances = 2\n":                                                    `D:9:1: error: targets.prod.model-data is not for targets.prod.batch: SageMaker takes no model from S3 for it`,
		head + role + image + "model-data = 's3://a-b'\nserverless.memory = 2048\n":                               `D:8:1: error: targets.prod.model-data is not for targets.prod.serverless`,
		all + "model-data = 's3://a-b'\nenv = { MODEL_PATH = '/tmp' }\n":                                          `D:9:9: error: targets.prod.env.MODEL_PATH is set by model-data; remove it`,
		all + "model-data = 'models/flowers'\n":                                                                   `D:8:14: error: targets.prod.model-data "models/flowers" must be s3://BUCKET/PREFIX`,
		head + role + image + "serverless.memory = 2048\nasync.output = 's3://a-b/c'\n":                           `D:7:1: error: an asynchronous endpoint has no targets.prod.serverless`,
		all + "storage = 'iris'\n":                                                                                `D:8:11: error: targets.prod.storage "iris" must be s3://BUCKET/PREFIX`,
		all + "batch.instance-type = 'ml.c7g.large'\n":                                                            `D:8:23: error: targets.prod.batch.instance-type runs linux/arm64, but the image is deployed for linux/amd64`,
		all + "batch.instances = 0\n":                                                                             `D:8:19: error: targets.prod.batch.instances must be`,
		all + "data-capture.destination = 'captured'\n":                                                           `D:8:28: error: targets.prod.data-capture.destination "captured" must be s3://BUCKET/PREFIX`,
		all + "[image]\nplatforms = ['linux/arm64']\n":                                                            `D:7:17: error: targets.prod.instance-type runs linux/amd64, but the image is built for linux/arm64`,
		head + role + image + "instance-type = 'ml.c7g.large'\n[image]\nplatforms = ['linux/amd64']\n":            `D:7:17: error: targets.prod.instance-type runs linux/arm64, but the image is built for linux/amd64`,
		all + "rollout.type = 'linear'\n":                                                                         `D:8:1: error: targets.prod.rollout.size is missing`,
		all + "rollout = { type = 'linear', size = 5 }\n":                                                         `D:8:37: error: targets.prod.rollout.size must be from 10 to 50 for type "linear", but is 5`,
		all + "rollout = { type = 'canary', size = 60 }\n":                                                        `D:8:37: error: targets.prod.rollout.size must be from 5 to 50`,
		all + "rollout = { type = 'all-at-once', size = 5 }\n":                                                    `D:8:35: error: targets.prod.rollout.size is not for type "all-at-once"`,
		all + "rollout = { type = 'slowly' }\n":                                                                   `D:8:20: error: unknown targets.prod.rollout.type "slowly"`,
		all + "rollout = { type = 'rolling', size = 5, termination-wait = '1m' }\n":                               `D:8:41: error: targets.prod.rollout.termination-wait is not for type "rolling"`,
		all + "rollout = { type = 'all-at-once', wait = '2h' }\n":                                                 `D:8:42: error: targets.prod.rollout.wait "2h" must be a time up to "1h"`,
		all + "strategy = 'canary'\nrollout = { type = 'all-at-once' }\n":                                         `D:9:1: error: targets.prod.rollout is for strategy "rolling"`,
		head + role + image + "serverless.memory = 2048\nrollout.type = 'rolling'\n":                              `D:8:1: error: a serverless endpoint has no targets.prod.rollout`,
		serverless + "max-concurrency = 2\nprovisioned-concurrency = 3\n":                                         `D:10:27: error: targets.prod.serverless.provisioned-concurrency is 3, more than max-concurrency, which is 2`,
		head + role + image + "[targets.prod.serverless]\nmemory = 1500\n":                                        `D:8:10: error: targets.prod.serverless.memory must be a multiple of 1024, but is 1500; write 2048`,
		head + role + image + "[targets.prod.serverless]\nmax-concurrency = 3\n":                                  `D:7:15: error: targets.prod.serverless.memory is missing`,
		head + role + image + "strategy = 'canary'\nserverless.memory = 2048\n":                                   `D:7:12: error: targets.prod.strategy "canary" is not for a serverless endpoint`,
		head + role + image + "replicas = 2\nserverless.memory = 2048\n":                                          `D:7:1: error: a serverless endpoint has no targets.prod.replicas`,
		head + role + image + "network-isolation = true\nserverless.memory = 2048\n":                              `D:7:1: error: a serverless endpoint has no targets.prod.network-isolation`,
		head + role + image + "memory = 2048\n":                                                                   `D:7:1: error: unknown key "memory" in [targets.prod]; it belongs in [targets.prod.serverless]`,
		all + "endpoint = 'iris'\n[targets.b]\nkind = 'sagemaker'\nendpoint = 'iris'\n" + role + image + instance: `are the same endpoint, "iris"`,
	} {
		_, _, err := deployfile.Parse("D", []byte(text), []deployfile.Kind{sagemaker.Kind()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
	// Another account's role needs a policy of the repository, which is there or not.
	_, warnings, err := deployfile.Parse("D", []byte(head+image+instance+"execution-role = 'arn:aws:iam::210987654321:role/Iris'\n"), []deployfile.Kind{sagemaker.Kind()})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Message, "the image is in account 123456789012") {
		t.Errorf("%v, %v", warnings, err)
	}
}

// variables returns a table env with n variables of so many bytes.
func variables(n, size int) string {
	var out strings.Builder
	out.WriteString("[targets.prod.env]\n")
	for i := range n {
		fmt.Fprintf(&out, "A%d = '%s'\n", i, strings.Repeat("a", size))
	}
	return out.String()
}

// Which instances have which processor.
func TestPlatform(t *testing.T) {
	for instance, want := range map[string]string{
		"ml.m5.large": "amd64", "ml.g4dn.xlarge": "amd64", "ml.g5.xlarge": "amd64", "ml.g6e.xlarge": "amd64", "ml.g7e.2xlarge": "amd64", "ml.trn1.2xlarge": "amd64", "ml.p5.48xlarge": "amd64",
		"ml.c7g.large": "arm64", "ml.m6gd.large": "arm64", "ml.c6gn.large": "arm64", "ml.r8g.medium": "arm64", "ml.r7gd.large": "arm64", "ml.p6e-gb200.36xlarge": "arm64", "ml.g5g.xlarge": "arm64",
	} {
		if got := sagemaker.Platform(instance); got != "linux/"+want {
			t.Errorf("%s runs %s", instance, got)
		}
	}
}

// The record of a revision has all keys of its target.
func TestKeys(t *testing.T) {
	target := parse(t, head+role+image+"serverless = { memory = 2048 }\nresource-tags = { a = 'b' }\n")
	keys, err := target.Keys()
	if err != nil {
		t.Fatal(err)
	}
	again, err := deployfile.NewTarget(sagemaker.Kind(), target.Name, target.Endpoint, keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := deployfile.CheckTarget(again); err != nil {
		t.Error(err)
	}
	if s, err := deployfile.Of[*sagemaker.Spec](again); err != nil || s.Serverless.Memory != 2048 || s.Replicas != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
