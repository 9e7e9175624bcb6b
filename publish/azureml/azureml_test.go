package azureml

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

const repository = "team.azurecr.io/iris"

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
	}, "https://ml.azure.com", c.Client(), time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every fault at every step of a rollout.
func TestConformance(t *testing.T) {
	for name, change := range map[string]func(*spec.Spec){
		"rolling":    nil,
		"canary":     scaledBy(canary),
		"blue-green": mirrored,
	} {
		t.Run(name, func(t *testing.T) {
			publishtest.Conformance(t, func(t *testing.T) *publishtest.Endpoint {
				c := azurecloud.New(t)
				c.Step = 40 * time.Second
				target := targetOf(change)
				s, _ := target.Spec.(*spec.Spec)
				e := clouds.Endpoint{Cloud: c, Target: target}
				return e.Conforming(s.Strategy != manifests.StrategyRolling, func(t *testing.T) (publish.Store, publish.Driver) {
					t.Helper()
					return connect(t, c, target).Parts()
				})
			}, clouds.Kept())
		})
	}
}
