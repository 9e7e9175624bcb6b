package azureml

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// allFaults reports whether to try all faults, as make conformance does.
func allFaults() bool { return os.Getenv("DEPLOYFILE_TEST_FAULTS") == "all" }

// verb is what a user does, to an endpoint that setup has made.
type verb struct {
	name   string
	change func(*spec.Spec)
	setup  func(*verbs)
	do     func(context.Context, *verbs) error
	// was and is are the versions that answer before and after.
	was, is string
}

func canary(s *spec.Spec) { s.Strategy, s.Weight = manifests.StrategyCanary, 10 }

func allVerbs() []verb {
	one := func(v *verbs) { v.must("1") }
	two := func(v *verbs) { v.must("1"); v.must("2") }
	beside := func(v *verbs) {
		v.must("1")
		if _, err := v.deploy("2"); err != nil {
			v.Fatal(err)
		}
	}
	deploy := func(version string) func(context.Context, *verbs) error {
		return func(ctx context.Context, v *verbs) error {
			_, err := publish.Deploy(ctx, v.open(), v.release(version), v.options())
			return err
		}
	}
	rollback := func(ctx context.Context, v *verbs) error {
		// By number, so that the second run asks for the same.
		_, err := publish.Rollback(ctx, v.open(), 1, v.options())
		return err
	}
	return []verb{
		{"deploy first", nil, func(*verbs) {}, deploy("1"), "", "1"},
		{"deploy", nil, one, deploy("2"), "1", "2"},
		{"rollback", nil, two, rollback, "2", "1"},
		{"deploy a canary", canary, one, deploy("2"), "1", "1"},
		{"promote", canary, beside, func(ctx context.Context, v *verbs) error {
			_, err := publish.Promote(ctx, v.open(), v.options())
			return err
		}, "1", "2"},
		{"delete", nil, two, func(ctx context.Context, v *verbs) error { return v.open().Delete(ctx) }, "2", ""},
	}
}

// faultAt makes some requests fail, beginning with the nth.
type faultAt struct {
	mu           sync.Mutex
	fault        azurecloud.Fault
	at, times, n int
	operation    string
	calls        []string
}

func (f *faultAt) next(operation string) azurecloud.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, operation)
	f.n++
	if f.n == f.at {
		f.operation = operation
	}
	if f.n < f.at || f.times == 0 || operation != f.operation {
		return azurecloud.None
	}
	f.times--
	return f.fault
}

// TestTransport does each verb with each fault at each of its requests, once, which must
// not be noticed, and as often as a request is repeated, which ends the verb. Afterwards
// the endpoint is as it was or as was asked for, a second run does the rest, and nothing
// is left by delete.
func TestTransport(t *testing.T) {
	for _, x := range allVerbs() {
		plan := &faultAt{}
		v := begin(t, x.change)
		v.cloud.Step = time.Minute
		x.setup(v)
		v.cloud.Fault = plan.next
		if err := x.do(t.Context(), v); err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		v.cloud.Fault = nil
		seen := map[string]int{}
		for n, operation := range plan.calls {
			if seen[operation]++; !allFaults() && (seen[operation] > 1 || x.name != "deploy") {
				continue
			}
			for _, fault := range []azurecloud.Fault{azurecloud.Throttled, azurecloud.Internal, azurecloud.Lost, azurecloud.Cut} {
				for _, times := range []int{1, retries + 1} {
					name := fmt.Sprintf("%s/%s %d %s %d times", x.name, operation, seen[operation], fault, times)
					t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) { transport(t, x, &faultAt{fault: fault, at: n + 1, times: times}) })
				}
			}
		}
	}
}

func transport(t *testing.T, x verb, f *faultAt) {
	v := begin(t, x.change)
	v.cloud.Step = time.Minute
	x.setup(v)
	once := f.times == 1
	v.cloud.Fault = f.next
	err := x.do(t.Context(), v)
	v.cloud.Fault, v.late = nil, !once
	if err != nil && once {
		t.Errorf("%s was noticed: %v", f.fault, err)
	}
	t.Log(err)
	v.cloud.Wait(time.Hour)
	got := versionOf(v.cloud.Serving("iris"))
	if want := []string{x.was, x.is}; !slices.Contains(want, got) || err == nil && got != x.is {
		t.Errorf("version %q answers, after %v", got, err)
	}
	if err := x.do(t.Context(), v); err != nil {
		t.Errorf("again: %v", err)
	}
	v.serves(x.is)
	if x.is != "" {
		status, err := v.open().Status(t.Context())
		if err != nil || !status.Ready || strings.Contains(status.Message, "deployed by") {
			t.Errorf("%+v, %v", status, err)
		}
	}
	if err := v.open().Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
