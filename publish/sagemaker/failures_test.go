package sagemaker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// A canary that is given up gets no more requests long before its instances end.
func TestDrain(t *testing.T) {
	v := begin(t, canary)
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	before := len(v.cloud.Calls())
	if _, err := publish.Rollback(t.Context(), v.open(), 0, v.Options()); err != nil {
		t.Fatal(err)
	}
	v.Serves("1")
	calls := v.cloud.Calls()[before:]
	if weights, update := slices.Index(calls, "UpdateEndpointWeightsAndCapacities"), slices.Index(calls, "UpdateEndpoint"); weights < 0 || update < weights {
		t.Errorf("the calls are %v", calls)
	}
	// A promoted one has too few instances for all requests until the update has ended.
	if _, err := v.Deploy("3"); err != nil {
		t.Fatal(err)
	}
	before = len(v.cloud.Calls())
	if _, err := publish.Promote(t.Context(), v.open(), v.Options()); err != nil {
		t.Fatal(err)
	}
	v.Serves("3")
	if calls := v.cloud.Calls()[before:]; slices.Contains(calls, "UpdateEndpointWeightsAndCapacities") {
		t.Errorf("the calls are %v", calls)
	}
}

// An endpoint goes back into service after a failed update, with what it had: that is a
// failure, and shows the log of the new instances.
func TestUpdateFails(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	v.cloud.Start = func(o awscloud.Container) (awscloud.Server, error) {
		if o.Image == clouds.Image(repository, "2") {
			return nil, errors.New("ModuleNotFoundError: no module named 'iris'")
		}
		return answers(o.Image), nil
	}
	before := v.cloud.There()
	_, err := v.Deploy("2")
	var unready *publish.NotReadyError
	if !errors.As(err, &unready) || !strings.Contains(unready.Reason, "ping health check") || !slices.Contains(unready.Log, "ModuleNotFoundError: no module named 'iris'") || unready.Restored != 1 {
		t.Errorf("%v", err)
	}
	v.Serves("1")
	if after := v.cloud.There(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
	v.Must("3")
}

// The first deployment of what does not start leaves nothing.
func TestCreateFails(t *testing.T) {
	v := begin(t, nil)
	v.cloud.Start = func(awscloud.Container) (awscloud.Server, error) { return nil, errors.New("out of memory") }
	_, err := v.Deploy("1")
	var unready *publish.NotReadyError
	if !errors.As(err, &unready) || unready.Restored != 0 || !strings.Contains(err.Error(), "what had been started of it is removed") {
		t.Errorf("%v", err)
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	v.cloud.Start = nil
	v.Must("2")
}

// With --no-wait a failure is seen later, by status.
func TestNoWait(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	v.cloud.Start = func(awscloud.Container) (awscloud.Server, error) { return nil, errors.New("out of memory") }
	o := v.Options()
	o.NoWait = true
	if _, err := publish.Deploy(t.Context(), v.open(), v.Release("2"), o); err != nil {
		t.Fatal(err)
	}
	v.Serves("1")
	status, err := v.open().Status(t.Context())
	if err != nil || status.Ready || !strings.Contains(status.Message, "it serves iris-r1 and not iris-r2") || !strings.Contains(status.Message, "ping health check") {
		t.Errorf("%+v, %v", status, err)
	}
	v.cloud.Start = nil
	v.Must("2")
}

// What cannot be, before anything has changed: one message that says what to do.
func TestRefused(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*awscloud.Cloud)
		says   string
	}{
		"an image that is not there": {func(c *awscloud.Cloud) {
			c.Pull = func(image string) error { return fmt.Errorf("Requested image %s not found.", image) }
		}, "not found"},
		"an OCI index": {func(c *awscloud.Cloud) {
			c.Pull = func(string) error {
				return errors.New("Unsupported manifest media type application/vnd.oci.image.index.v1+json for image")
			}
		}, `push the image with format = "docker-manifest"`},
		"a role that is not there": {func(c *awscloud.Cloud) {
			c.Pull = func(string) error {
				return errors.New("Could not assume role arn:aws:iam::123456789012:role/Iris. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.")
			}
		}, "the trust policy of execution-role must name sagemaker.amazonaws.com"},
		"no quota":                    {func(c *awscloud.Cloud) { c.Quota = map[string]int{"ml.m5.large": 0} }, "ask for more in Service Quotas"},
		"no quota for a second fleet": {func(c *awscloud.Cloud) { c.Quota = map[string]int{"ml.m5.large": 1} }, "an update runs the old and the new instances side by side"},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, nil)
			if name == "no quota for a second fleet" {
				v.Must("1")
			}
			before := v.cloud.There()
			x.change(v.cloud)
			_, err := v.Deploy("2")
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want %s", err, x.says)
			}
			if after := v.cloud.There(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
		})
	}
}

// SageMaker's own rollout goes back if an alarm is raised. It is not used when variants
// change, which SageMaker refuses.
func TestGuarded(t *testing.T) {
	guarded := func(s *spec.Spec) {
		s.Guarded = &spec.Guarded{Type: "canary", Size: 10, Wait: "5m", Alarms: []string{"iris errors"}}
	}
	v := begin(t, guarded)
	v.Must("1")
	v.Must("2")
	if out, err := v.Deploy("2"); err != nil || out.Action != publish.Unchanged {
		t.Errorf("%+v, %v", out, err)
	}
	v.cloud.Alarms = []string{"another", "iris errors"}
	var unready *publish.NotReadyError
	if _, err := v.Deploy("3"); !errors.As(err, &unready) || !strings.Contains(unready.Reason, "ALARM state: iris errors") {
		t.Errorf("%v", err)
	}
	v.Serves("2")
	v.cloud.Alarms = nil
	v.Must("3")
	v.Target = targetOf(canary)
	if _, err := v.Deploy("4"); err != nil {
		t.Fatal(err)
	}
	v.Target = targetOf(guarded)
	v.Must("5")
}
