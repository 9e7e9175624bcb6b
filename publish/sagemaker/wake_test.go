package sagemaker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
)

const wakeAlarm = "alarm deployfile/sagemaker/iris"

// staying is queued with at least one instance.
func staying(s *spec.Spec) { queued(s); s.Autoscale.Min = 1 }

// An endpoint without instances starts one with each deployment, which shows that it works,
// and with the first request that waits.
func TestWake(t *testing.T) {
	v := begin(t, queued)
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
	has := func(want bool) {
		t.Helper()
		if there := v.cloud.There(); slices.Contains(there, wakeAlarm) != want || !slices.Contains(there, autoscaling) {
			t.Errorf("there is %v", there)
		}
	}
	v.Must("1")
	has(true)
	changes("[]")
	v.cloud.Scale("iris", 0)
	changes("[]")
	v.Must("2")
	if n := v.cloud.Instances("iris"); n != 1 {
		t.Errorf("%d instances after an update", n)
	}
	v.Must("1")
	v.Target = targetOf(staying)
	changes("{delete " + wakeAlarm)
	v.Must("1")
	has(false)
	changes("[]")
	v.Target = targetOf(queued)
	changes("{create " + wakeAlarm)
	v.Must("1")
	has(true)
	v.Target = targetOf(func(s *spec.Spec) { queued(s); s.Autoscale.ScaleOutWait = "2m" })
	changes("-  Cooldown: 60\n+  Cooldown: 120")
	removals, err := v.open().Removals(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(removals), wakeAlarm) {
		t.Errorf("%v, %v", removals, err)
	}
	for range 2 {
		if err := v.open().Delete(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// After a failure there is the alarm of before.
func TestWakeReverts(t *testing.T) {
	reverts(t, wakeAlarm, map[string]change{
		"begun":      {staying, queued, false},
		"ended":      {queued, staying, true},
		"kept":       {queued, queued, true},
		"other type": {queued, func(s *spec.Spec) { queued(s); s.InstanceType = "ml.c5.large" }, true},
	})
}

// A record may have no alarm but its endpoint's, and none that calls something else.
func TestAlarmOfAnother(t *testing.T) {
	v := begin(t, queued)
	documents, err := manifests.Render(manifests.Deployed(nil, v.Release("1")))
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"deployfile/sagemaker/iris": "billing", "PolicyName: iris-wake": "PolicyName: other", "AlarmDescription:": "OKActions: [arn:aws:sns:eu-central-1:123456789012:a]\nAlarmDescription:",
	} {
		changed := slices.Clone(documents)
		for i, d := range changed {
			changed[i].Body = []byte(strings.ReplaceAll(string(d.Body), from, to))
		}
		if _, err := v.open().parse(changed); err == nil || !strings.Contains(err.Error(), "an alarm of something other than iris") {
			t.Errorf("%s: %v", to, err)
		}
	}
	for i, d := range documents {
		if d.Name == spec.DocumentWake || d.Name == spec.DocumentAlarm {
			if _, err := v.open().parse(slices.Delete(slices.Clone(documents), i, i+1)); err == nil {
				t.Errorf("without %s", d.Name)
			}
		}
	}
}
