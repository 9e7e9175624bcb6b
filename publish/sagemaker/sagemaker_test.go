package sagemaker

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

const repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris"

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

// Every fault at every step of a rollout, with objects that are not seen at once.
func TestConformance(t *testing.T) {
	for name, change := range map[string]func(*spec.Spec){
		"rolling":    nil,
		"canary":     func(s *spec.Spec) { canary(s); withData(s) },
		"autoscale":  scaled,
		"queue":      queued,
		"mirror":     mirrored,
		"blue-green": func(s *spec.Spec) { s.Strategy = manifests.StrategyBlueGreen },
	} {
		t.Run(name, func(t *testing.T) {
			publishtest.Conformance(t, func(t *testing.T) *publishtest.Endpoint {
				c := awscloud.New(t)
				c.Stale, c.Step, c.Shapes = 3, 40*time.Second, shapes(t)
				target := targetOf(change)
				s, _ := target.Spec.(*spec.Spec)
				e := clouds.Endpoint{Cloud: c, Target: target}
				if s.Data != "" {
					e.Change = func(r *manifests.Release) {
						r.ModelImage = s.ModelData("iris", strings.Repeat("0", 63)+r.Version)
						c.Put(strings.TrimPrefix(r.ModelImage, "s3://")+"MLmodel", "flavors")
					}
				}
				return e.Conforming(s.Strategy != manifests.StrategyRolling, func(t *testing.T) (publish.Store, publish.Driver) {
					t.Helper()
					return connect(t, c, target).Parts()
				})
			}, clouds.Kept())
		})
	}
}
