package sagemaker

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

const repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris"

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
	s := &spec.Spec{ExecutionRole: "arn:aws:iam::123456789012:role/Iris", InstanceType: "ml.m5.large", Replicas: 1, StartupTimeout: "10m"}
	s.Strategy = manifests.StrategyRolling
	if change != nil {
		change(s)
	}
	t := deployfile.Target{Name: "prod", Kind: "sagemaker", Endpoint: "iris", Image: repository, Port: 8080, Spec: s}
	t.Complete()
	return t
}

// connect opens a connection whose requests are repeated at once.
func connect(t *testing.T, c *awscloud.Cloud, target deployfile.Target) *Publisher {
	t.Helper()
	for name, value := range c.Environment() {
		t.Setenv(name, value)
	}
	p, err := open(t.Context(), Options{Target: target}, time.Microsecond, func(c *aws.Config) {
		c.HTTPClient = http.DefaultClient
		c.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = attempts
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
				o.RateLimiter = unlimited{}
			})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// unlimited is a ratelimit.RateLimiter without a limit.
type unlimited struct{}

func (unlimited) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (unlimited) AddTokens(uint) error { return nil }

// endpoint returns an endpoint for the conformance suite, in a cloud of its own.
func endpoint(t *testing.T, c *awscloud.Cloud, change func(*spec.Spec)) *publishtest.Endpoint {
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

// reach reports whether a fault at a step is tried without DEPLOYFILE_TEST_FAULTS=all.
func reach(step string, f publishtest.Fault) bool {
	steps := []string{"Create 1", "Start 1", "Switch 1", "Update 1", "Update 2", "Revert 1", "Prune 1"}
	faults := []publishtest.Fault{publishtest.Lost, publishtest.DiesAfter, publishtest.Overtaken}
	return slices.Contains(steps, step) && slices.Contains(faults, f)
}

// Every fault at every step of a rollout, with objects that are not seen at once.
func TestConformance(t *testing.T) {
	keep := reach
	if allFaults() {
		keep = nil
	}
	for name, change := range map[string]func(*spec.Spec){
		"rolling":    nil,
		"canary":     canary,
		"blue-green": func(s *spec.Spec) { s.Strategy = manifests.StrategyBlueGreen },
	} {
		t.Run(name, func(t *testing.T) {
			publishtest.Conformance(t, func(t *testing.T) *publishtest.Endpoint {
				c := awscloud.New(t)
				c.Stale, c.Step, c.Shapes = 3, 40*time.Second, shapes(t)
				return endpoint(t, c, change)
			}, keep)
		})
	}
}
