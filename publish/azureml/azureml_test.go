package azureml

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

const repository = "team.azurecr.io/iris"

// imageOf returns the image of a version, and versionOf the version of an image.
func imageOf(version string) string {
	return repository + "@sha256:" + strings.Repeat("0", 63) + version
}

func versionOf(image string) string {
	if image == "" {
		return ""
	}
	return image[len(image)-1:]
}

// targetOf returns a target with the keys that change sets.
func targetOf(change func(*spec.Spec)) deployfile.Target {
	s := &spec.Spec{
		Subscription: azurecloud.Subscription, ResourceGroup: azurecloud.ResourceGroup, Workspace: azurecloud.Workspace,
		Cloud: "public", InstanceType: "Standard_DS3_v2", Replicas: 1, Identity: "system", AuthMode: "key",
		RequestTimeout: "1m", StartupTimeout: "10m", MaxConcurrentRequests: 40,
	}
	s.Strategy = manifests.StrategyRolling
	if change != nil {
		change(s)
	}
	t := deployfile.Target{Name: "prod", Kind: "azureml", Endpoint: "iris", Image: repository, Port: 8080, Spec: s}
	t.Complete()
	return t
}

// connect opens a connection whose requests are repeated at once.
func connect(t *testing.T, c *azurecloud.Cloud, target deployfile.Target) *Publisher {
	t.Helper()
	for name, value := range c.Environment() {
		t.Setenv(name, value)
	}
	p, err := open(Options{Target: target}, policy.ClientOptions{
		Cloud: c.Configuration(), Transport: c.Client(),
		Retry: policy.RetryOptions{MaxRetries: retries, RetryDelay: time.Nanosecond, MaxRetryDelay: time.Second},
	}, c.Client(), time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// endpoint returns an endpoint for the conformance suite, in a cloud of its own.
func endpoint(t *testing.T, c *azurecloud.Cloud, change func(*spec.Spec)) *publishtest.Endpoint {
	target := targetOf(change)
	s, _ := target.Spec.(*spec.Spec)
	return &publishtest.Endpoint{
		Name: target.Endpoint,
		Connect: func(t *testing.T) (publish.Store, publish.Driver) {
			t.Helper()
			return connect(t, c, target).Parts()
		},
		Release: func(_ *testing.T, version string) manifests.Release {
			return manifests.Release{Model: "iris", Version: version, Target: target, Image: imageOf(version), Port: 8080}
		},
		Serving: func(*testing.T, string) string {
			c.Wait(10 * time.Minute)
			return versionOf(c.Serving("iris"))
		},
		There: func(t *testing.T) []string {
			c.Wait(10 * time.Minute)
			return c.There()
		},
		Marks:    true,
		Promotes: s.Strategy != manifests.StrategyRolling,
		Timeout:  20 * time.Second,
	}
}

// kept reports whether a fault at a step is tried without DEPLOYFILE_TEST_FAULTS=all.
func kept(step string, f publishtest.Fault) bool {
	steps := []string{"Create 1", "Start 1", "Switch 1", "Update 1", "Update 2", "Revert 1", "Prune 1"}
	faults := []publishtest.Fault{publishtest.Lost, publishtest.DiesAfter, publishtest.Overtaken}
	return slices.Contains(steps, step) && slices.Contains(faults, f)
}

// Every fault at every step of a rollout.
func TestConformance(t *testing.T) {
	keep := kept
	if allFaults() {
		keep = nil
	}
	for name, change := range map[string]func(*spec.Spec){
		"rolling":    nil,
		"canary":     canary,
		"blue-green": func(s *spec.Spec) { s.Strategy, s.Mirror = manifests.StrategyBlueGreen, 20 },
	} {
		t.Run(name, func(t *testing.T) {
			publishtest.Conformance(t, func(t *testing.T) *publishtest.Endpoint {
				c := azurecloud.New(t)
				c.Step = 40 * time.Second
				return endpoint(t, c, change)
			}, keep)
		})
	}
}
