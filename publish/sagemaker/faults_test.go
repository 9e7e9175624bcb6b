package sagemaker

import (
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

func canary(s *spec.Spec) { s.Strategy, s.Weight = manifests.StrategyCanary, 10 }

// TestTransport does each verb with each fault at each of its requests.
func TestTransport(t *testing.T) {
	publishtest.Requests(t, func(t *testing.T, beside bool) *publishtest.Service {
		change := scaled
		if beside {
			change = func(s *spec.Spec) { scaled(s); canary(s) }
		}
		v := begin(t, change)
		v.cloud.Step = time.Minute
		return &publishtest.Service{
			Open:     func(late bool) publish.Publisher { v.late = late; return v.open() },
			Release:  v.Release,
			Options:  v.Options(),
			Fail:     func(next func(string) publishtest.RequestFault) { v.cloud.Fault = next },
			Serving:  func() string { v.cloud.Wait(time.Hour); return clouds.Version(v.cloud.Serving("iris")) },
			There:    v.cloud.There,
			Attempts: attempts,
		}
	}, clouds.AllFaults())
}
