package sagemaker

import (
	"os"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// allFaults reports whether to try all faults, as make conformance does.
func allFaults() bool { return os.Getenv("DEPLOYFILE_TEST_FAULTS") == "all" }

func canary(s *spec.Spec) { s.Strategy, s.Weight = manifests.StrategyCanary, 10 }

// TestTransport does each verb with each fault at each of its requests.
func TestTransport(t *testing.T) {
	publishtest.Requests(t, func(t *testing.T, beside bool) *publishtest.Service {
		var change func(*spec.Spec)
		if beside {
			change = canary
		}
		v := begin(t, change)
		v.cloud.Step = time.Minute
		return &publishtest.Service{
			Open:     func(late bool) publish.Publisher { v.late = late; return v.open() },
			Release:  v.release,
			Options:  v.options(),
			Fail:     func(next func(string) publishtest.RequestFault) { v.cloud.Fault = next },
			Serving:  func() string { v.cloud.Wait(time.Hour); return versionOf(v.cloud.Serving("iris")) },
			There:    v.cloud.There,
			Attempts: attempts,
		}
	}, allFaults())
}
