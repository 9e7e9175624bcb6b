package azureml

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// A deployment that fails is deleted, and its log is shown; the old one goes on.
func TestDeploymentFails(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	v.cloud.Start = func(c azurecloud.Container) (azurecloud.Server, error) {
		if c.Image == clouds.Image(repository, "2") {
			return nil, errors.New("ModuleNotFoundError: no module named 'iris'")
		}
		return answers(c.Image), nil
	}
	before := v.cloud.There()
	_, err := v.Deploy("2")
	var unready *publish.NotReadyError
	if !errors.As(err, &unready) || !strings.Contains(unready.Reason, "User container has crashed") || !slices.Contains(unready.Log, "ModuleNotFoundError: no module named 'iris'") || unready.Restored != 1 {
		t.Errorf("%v", err)
	}
	v.Serves("1")
	if after := v.cloud.There(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
	v.Must("3")
}

// The first deployment of what does not start leaves nothing.
func TestFirstFails(t *testing.T) {
	v := begin(t, nil)
	v.cloud.Start = func(azurecloud.Container) (azurecloud.Server, error) { return nil, errors.New("out of memory") }
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

// What cannot be: one message that says what to do, and what was there is there.
func TestRefused(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*verbs)
		says   string
	}{
		"an image that may not be pulled": {func(v *verbs) { v.cloud.Pull = func(string) error { return errors.New("unauthorized") } }, "the image must be in its registry, and the endpoint's identity needs the role AcrPull there"},
		"no quota beside the old":         {func(v *verbs) { v.cloud.Quota = 2 }, "the old ones run beside the new: ask for more quota"},
		"another way to authorise":        {func(v *verbs) { v.change(func(s *spec.Spec) { s.AuthMode = "aml-token" }) }, "the authentication mode and the identity of an endpoint cannot be changed"},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, nil)
			v.Must("1")
			before := v.cloud.There()
			x.change(v)
			_, err := v.Deploy("2")
			if err == nil || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%v, want %s", err, x.says)
			}
			if after := v.cloud.There(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
			v.Serves("1")
		})
	}
}

// Without waiting, the requests move nevertheless only to what is ready.
func TestNoWait(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	o := v.Options()
	o.NoWait = true
	if _, err := publish.Deploy(t.Context(), v.open(), v.Release("2"), o); err != nil {
		t.Fatal(err)
	}
	v.Serves("2")
	v.cloud.Start = func(azurecloud.Container) (azurecloud.Server, error) { return nil, errors.New("out of memory") }
	if _, err := publish.Deploy(t.Context(), v.open(), v.Release("3"), o); err == nil {
		t.Error("it is deployed")
	}
	v.Serves("2")
}

// What a killed rollout has left failed is deleted, and made again.
func TestFailedIsMadeAgain(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	p := v.open()
	w, err := p.parse(v.documents("2"))
	if err != nil {
		t.Fatal(err)
	}
	v.cloud.Start = func(azurecloud.Container) (azurecloud.Server, error) { return nil, errors.New("out of memory") }
	if err := p.putRelease(t.Context(), w.live, w.live.deployment, requests{}); err != nil {
		t.Fatal(err)
	}
	v.Serves("1")
	if all := v.deployments(); !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, "Failed") }) {
		t.Fatalf("%q", all)
	}
	v.cloud.Start = nil
	v.Must("2")
}
