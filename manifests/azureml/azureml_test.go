package azureml_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/rendered"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/azureml"
)

var update = flag.Bool("update", false, "write the golden files again")

const (
	repository = "team.azurecr.io/iris"
	head       = "[model]\nsource = 'iris'\n[targets.prod]\nkind = 'azureml'\n"
	place      = "subscription = '12345678-1234-1234-1234-123456789012'\nresource-group = 'ml'\nworkspace = 'team'\n"
	image      = "image = '" + repository + "'\n"
	instance   = "instance-type = 'Standard_DS3_v2'\n"
	all        = head + place + image + instance
)

// parse returns the target of a Deployfile.
func parse(t *testing.T, text string) deployfile.Target {
	t.Helper()
	file, warnings, err := deployfile.Parse("D", []byte(text), []deployfile.Kind{azureml.Kind()})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	return file.Targets["prod"]
}

func release(t *testing.T, version, keys string) manifests.Release {
	t.Helper()
	return manifests.Release{
		Model: "iris", Version: version, Target: parse(t, all+keys), Port: 5000,
		Image: repository + "@sha256:" + strings.Repeat(version, 64),
	}
}

// The documents are files of Azure's command line, and always the same bytes.
func TestRender(t *testing.T) {
	full := `
cloud = "china"
replicas = 3
identity = "/subscriptions/12345678-1234-1234-1234-123456789012/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
auth-mode = "aad-token"
request-timeout = "90s"
max-concurrent-requests = 8
startup-timeout = "20m"
no-public-access = true
no-egress = true
app-insights = true
resource-tags = { team = "flowers", "cost centre" = "42" }
env = { LOG_LEVEL = "info" }
model-config = { temperature = 0.5 }
`
	for name, keys := range map[string][]string{
		"least":      {""},
		"full":       {full},
		"autoscale":  {"[targets.prod.autoscale]\nmin = 2\nmax = 5\ninvocations = 601\nscale-in-wait = '1h'\n"},
		"canary":     {"strategy = 'canary'\nweight = 20\nreplicas = 8\n", "strategy = 'canary'\nweight = 20\nreplicas = 8\n"},
		"blue-green": {"strategy = 'blue-green'\nreplicas = 2\n", "strategy = 'blue-green'\nreplicas = 2\nmirror = 30\n"},
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

// A deployment is used again by what differs only in what can be changed in place.
func TestNames(t *testing.T) {
	name := func(version, keys string) string {
		state := manifests.Deployed(nil, release(t, version, keys))
		_, after, ok := strings.Cut(string(rendered.Documents(t, state)), "\ntraffic:\n  ")
		if !ok {
			t.Fatal(string(rendered.Documents(t, state)))
		}
		name, _, _ := strings.Cut(after, ":")
		return name
	}
	first := name("1", "")
	for keys, same := range map[string]bool{
		"replicas = 3\n": true, "resource-tags = { a = 'b' }\n": true, "auth-mode = 'aml-token'\n": true, "strategy = 'canary'\n": true,
		"env = { A = 'b' }\n": false, "request-timeout = '2m'\n": false, "startup-timeout = '2m'\n": false, "app-insights = true\n": false,
	} {
		if got := name("1", keys); (got == first) != same {
			t.Errorf("%s: %s and %s", keys, first, got)
		}
	}
	if name("2", "") == first {
		t.Error("another image has the same name")
	}
	// Both at once differ nevertheless.
	state := manifests.Deployed(nil, release(t, "1", ""))
	state = manifests.Deployed(&state, release(t, "1", "replicas = 9\nstrategy = 'canary'\n"))
	if text := string(rendered.Documents(t, state)); !strings.Contains(text, first+": 90\n  "+first+"n: 10\n") || !strings.Contains(text, "environment: azureml:iris-prod:"+first+"n\n") {
		t.Error(text)
	}
}

// What Azure would refuse is refused at its line, before the build.
func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		head + image + instance: `targets.prod.subscription is missing`,
		head + place + image:    `targets.prod.instance-type is missing`,
		head + "subscription = 'x'\nresource-group = 'a'\nworkspace = 'abc'\n" + instance: `D:5:16: error: targets.prod.subscription "x" must be the id of a subscription`,
		head + place + image + "instance-type = 'DS3_v2'\n":                               `D:9:17: error: targets.prod.instance-type "DS3_v2" must be a size of Azure's virtual machines; write "Standard_DS3_v2"`,
		all + "endpoint = 'a-name-of-more-than-thirty-two-characters'\n":                  `D:10:12: error: Azure takes 3 to 32`,
		all + "endpoint = 'ab'\n": `D:10:12: error: Azure takes 3 to 32`,
		strings.Replace(all, "source = 'iris'", "source = 'i'\nname = 'a-model-with-a-rather-long-name'", 1): `D:5:8: error: Azure takes 3 to 32 letters, digits and single hyphens as the name of an endpoint, with a letter in front, and not "a-model-with-a-rather-long-name-prod"`,
		all + "port = 80\n":                            `D:10:1: error: Azure answers at port 443 alone`,
		all + "mirror = 10\n":                          `D:10:1: error: targets.prod.mirror is only for strategy "blue-green"`,
		all + "strategy = 'blue-green'\nmirror = 51\n": `D:11:10: error: targets.prod.mirror must be`,
		all + "weight = 10\n":                          `D:10:1: error: targets.prod.weight is only for strategy "canary"`,
		all + "replicas = 51\n":                        `D:10:12: error: targets.prod.replicas must be`,
		all + "request-timeout = '4m'\n":               `D:10:19: error: targets.prod.request-timeout "4m" must be a time from "1s" to "3m"`,
		all + "startup-timeout = '1s'\n":               `D:10:19: error: targets.prod.startup-timeout "1s" must be`,
		all + "auth-mode = 'none'\n":                   `D:10:13: error: `,
		all + "identity = 'mine'\n":                    `D:10:12: error: targets.prod.identity "mine" must be "system" or the resource id`,
		all + "replicas = 2\n[targets.prod.autoscale]\nmax = 5\ninvocations = 600\n":         `D:10:1: error: targets.prod.autoscale is set, so targets.prod.replicas has no effect`,
		all + "[targets.prod.autoscale]\nmin = 6\nmax = 5\ninvocations = 600\n":              `D:11:7: error: targets.prod.autoscale.min is 6, more than max, which is 5`,
		all + "[targets.prod.autoscale]\nmax = 5\ninvocations = 1\nscale-out-wait = '90s'\n": `D:13:18: error: targets.prod.autoscale.scale-out-wait "90s" must be a time from "1m" to "24h" in whole minutes`,
		all + "env = { PORT = '1' }\n":                 `is set by deployfile`,
		all + "env = { AZUREML_X = '1' }\n":            `is one of Azure's own variables`,
		all + "resource-tags = { deployfile = 'x' }\n": `must be letters, digits`,
		all + "resource-tags = { " + many(15) + " }\n": `D:10:1: error: targets.prod.resource-tags has 15 tags, more than 14`,
		all + "format = 'oci'\n":                       `D:10:10: error: `,
		all + "[image]\nplatforms = ['linux/arm64']\n": `Azure runs linux/amd64, but the image is built for linux/arm64`,
		all + "endpoint = 'iris'\n[targets.b]\nkind = 'azureml'\nendpoint = 'iris'\n" + place + image + instance: `are the same endpoint, "iris"`,
	} {
		_, _, err := deployfile.Parse("D", []byte(text), []deployfile.Kind{azureml.Kind()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
	// Azure can pull what is public, which deployfile cannot know.
	_, warnings, err := deployfile.Parse("D", []byte(head+place+instance+"image = 'registry.example.com/iris'\n"), []deployfile.Kind{azureml.Kind()})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Message, "from elsewhere than an Azure Container Registry") {
		t.Errorf("%v, %v", warnings, err)
	}
}

func many(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("t%d = 'x'", i))
	}
	return strings.Join(out, ", ")
}

// The record of a revision has all keys of its target.
func TestKeys(t *testing.T) {
	target := parse(t, all+"max-concurrent-requests = 3\nresource-tags = { a = 'b' }\n")
	keys, err := target.Keys()
	if err != nil {
		t.Fatal(err)
	}
	again, err := deployfile.NewTarget(azureml.Kind(), target.Name, target.Endpoint, keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := deployfile.CheckTarget(again); err != nil {
		t.Error(err)
	}
	if s, err := deployfile.Of[*azureml.Spec](again); err != nil || s.MaxConcurrentRequests != 3 || s.Replicas != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}
