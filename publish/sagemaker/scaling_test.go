package sagemaker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
)

func scaled(s *spec.Spec) {
	s.Autoscale = &spec.Autoscale{Min: 2, Max: 5, Invocations: 600, ScaleOutWait: "1m", ScaleInWait: "5m"}
}

func queued(s *spec.Spec) {
	asynchronous(s)
	s.Autoscale = &spec.Autoscale{Min: 0, Max: 5, Backlog: 5, ScaleOutWait: "1m", ScaleInWait: "5m"}
}

const autoscaling = "autoscaling endpoint/iris/variant/live"

// The number of instances follows the requests, which neither a rollout nor a difference
// undoes, and ends with the endpoint or its key.
func TestAutoscale(t *testing.T) {
	v := begin(t, scaled)
	changes := func(want string) {
		t.Helper()
		v.cloud.Wait(10 * time.Minute)
		documents, err := manifests.Render(manifests.Deployed(nil, v.Release("1")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.open().Diff(t.Context(), documents)
		if err != nil || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%+v, %v: want %s", got, err, want)
		}
	}
	v.Must("1")
	changes("[]")
	v.cloud.Scale("iris", 4)
	changes("[]")
	v.Must("2")
	if n := v.cloud.Instances("iris"); n != 4 {
		t.Errorf("%d instances after an update", n)
	}
	v.Must("1")
	// Other bounds, and another type of instance, which SageMaker refuses while it scales.
	v.Target = targetOf(func(s *spec.Spec) { scaled(s); s.Autoscale.Max, s.InstanceType = 3, "ml.c5.large" })
	changes("-MaxCapacity: 5\n+MaxCapacity: 3")
	v.Must("1")
	changes("[]")
	if n := v.cloud.Instances("iris"); n > 3 {
		t.Errorf("%d instances", n)
	}
	v.Target = targetOf(nil)
	changes("autoscaling of iris")
	v.Must("1")
	changes("[]")
	if there := v.cloud.There(); slices.Contains(there, autoscaling) {
		t.Errorf("%v", there)
	}
	v.Target = targetOf(scaled)
	v.Must("2")
	if there := v.cloud.There(); !slices.Contains(there, autoscaling) {
		t.Errorf("%v", there)
	}
	removals, err := v.open().Removals(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(removals), "autoscaling of iris") {
		t.Errorf("%v, %v", removals, err)
	}
	if err := v.open().Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// After a failure there is the autoscaling of before.
func TestAutoscaleReverts(t *testing.T) {
	reverts(t, autoscaling, map[string]change{
		"begun":      {nil, scaled, false},
		"ended":      {scaled, nil, true},
		"other type": {scaled, func(s *spec.Spec) { scaled(s); s.InstanceType = "ml.c5.large" }, true},
	})
}

// change is one of the keys of a target.
type change struct {
	was, is func(*spec.Spec)
	// there is whether the resource that is looked for was there before.
	there bool
}

// reverts has deployments with changed keys fail, and looks for what was there before.
func reverts(t *testing.T, resource string, changes map[string]change) {
	t.Helper()
	for name, x := range changes {
		t.Run(name, func(t *testing.T) {
			v := begin(t, x.was)
			v.Must("1")
			before := v.cloud.There()
			v.cloud.Start = func(awscloud.Container) (awscloud.Server, error) { return nil, errors.New("out of memory") }
			v.Target = targetOf(x.is)
			if _, err := v.Deploy("2"); err == nil {
				t.Error("it is deployed")
			}
			v.Serves("1")
			if after := v.cloud.There(); !slices.Equal(before, after) || slices.Contains(after, resource) != x.there {
				t.Errorf("before %v, after %v", before, after)
			}
		})
	}
}

// A record may scale nothing but its endpoint.
func TestScalingOfAnother(t *testing.T) {
	v := begin(t, scaled)
	documents, err := manifests.Render(manifests.Deployed(nil, v.Release("1")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.open().parse(documents); err != nil {
		t.Error(err)
	}
	for i, d := range documents {
		if d.Name != spec.DocumentScaling && d.Name != spec.DocumentPolicy {
			continue
		}
		changed := slices.Clone(documents)
		changed[i].Body = []byte(strings.ReplaceAll(string(d.Body), "endpoint/iris/", "endpoint/other/"))
		if _, err := v.open().parse(changed); err == nil || !strings.Contains(err.Error(), "scale something other than endpoint/iris/variant/live") {
			t.Errorf("%s: %v", d.Name, err)
		}
		if _, err := v.open().parse(slices.Delete(slices.Clone(documents), i, i+1)); err == nil {
			t.Errorf("without %s", d.Name)
		}
	}
}
