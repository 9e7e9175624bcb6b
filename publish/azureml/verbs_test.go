package azureml

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

// verbs is an endpoint in a cloud of its own.
type verbs struct {
	clouds.Endpoint
	cloud *azurecloud.Cloud
	// late lets every deadline have passed.
	late bool
}

func begin(t *testing.T, change func(*spec.Spec)) *verbs {
	c := azurecloud.New(t)
	v := &verbs{cloud: c, Endpoint: clouds.Endpoint{T: t, Cloud: c, Target: targetOf(change)}}
	v.Connect = func() publish.Publisher { return v.open() }
	return v
}

func (v *verbs) open() *Publisher {
	p := connect(v.T, v.cloud, v.Target)
	if s, d := p.Parts(); v.late {
		p.Engine = publish.NewEngine(v.Target.Endpoint, clouds.LateStore{Store: s}, d)
	}
	return p
}

// change changes keys of the target.
func (v *verbs) change(f func(*spec.Spec)) {
	s, _ := v.Target.Spec.(*spec.Spec)
	changed := *s
	f(&changed)
	v.Target.Spec = &changed
}

// documents returns those of a version alone.
func (v *verbs) documents(version string) []manifests.Document {
	v.Helper()
	documents, err := manifests.Render(manifests.Deployed(nil, v.Release(version)))
	if err != nil {
		v.Fatal(err)
	}
	return documents
}

// deployments lists those that are there.
func (v *verbs) deployments() (out []string) {
	for _, one := range v.cloud.There() {
		if name, ok := strings.CutPrefix(one, "deployment "); ok {
			out = append(out, name)
		}
	}
	return out
}

// The life of an endpoint: nothing differs after a deploy, nothing is left after a delete.
func TestLife(t *testing.T) {
	v := begin(t, func(s *spec.Spec) {
		s.ResourceTags = map[string]string{"team": "flowers"}
		s.Env = map[string]string{"LOG_LEVEL": "info"}
	})
	for n := 1; n <= 3; n++ {
		v.Must(fmt.Sprint(n))
		out, err := v.Deploy(fmt.Sprint(n))
		if err != nil || out.Action != publish.Unchanged || len(out.Changes) > 0 {
			t.Errorf("again: %s, %+v, %v", out.Action, out.Changes, err)
		}
	}
	if _, err := publish.Rollback(t.Context(), v.open(), 0, v.Options()); err != nil {
		t.Fatal(err)
	}
	v.Serves("2")
	status, err := v.open().Status(t.Context())
	if err != nil || !status.Ready || status.Revision.Number != 4 || len(status.Instances) != 1 || status.Instances[0].Image != clouds.Image(repository, "2") || status.URL != "" {
		t.Errorf("%+v, %v", status, err)
	}
	// The endpoint, its deployment, the environment of that, four records.
	if left, err := v.open().Removals(t.Context()); err != nil || len(left) != 7 {
		t.Errorf("to remove: %v, %v", left, err)
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

// Ten revisions stay, which are more than a page of a list.
func TestManyRevisions(t *testing.T) {
	v := begin(t, nil)
	for n := range 14 {
		v.Must(fmt.Sprint(n%2 + 1))
	}
	revisions, err := v.open().Revisions(t.Context())
	if err != nil || len(revisions) != publish.KeepRevisions || revisions[0].Number != 14 {
		t.Errorf("%d revisions, %v", len(revisions), err)
	}
	if n := len(v.cloud.There()); n != publish.KeepRevisions+3 {
		t.Errorf("%d objects: %v", n, v.cloud.There())
	}
}

// More instances and other tags need no new deployment, and promoting a canary moves
// requests to where it runs.
func TestInPlace(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { canary(s); s.Replicas = 4 })
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	both := v.deployments()
	if len(both) != 2 || !slices.ContainsFunc(both, func(s string) bool { return strings.HasSuffix(s, "Succeeded 1") }) {
		t.Fatalf("%q", both)
	}
	if _, err := publish.Promote(t.Context(), v.open(), v.Options()); err != nil {
		t.Fatal(err)
	}
	v.Serves("2")
	now := v.deployments()
	if len(now) != 1 || !strings.HasSuffix(now[0], "Succeeded 4") || !slices.Contains(both, strings.TrimSuffix(now[0], "4")+"1") {
		t.Fatalf("before %q, after %q", both, now)
	}
	v.change(func(s *spec.Spec) {
		s.Strategy, s.Weight, s.Replicas, s.ResourceTags = manifests.StrategyRolling, 0, 2, map[string]string{"team": "flowers"}
	})
	v.Must("2")
	if then := v.deployments(); len(then) != 1 || then[0] != strings.TrimSuffix(now[0], "4")+"2" {
		t.Errorf("before %q, after %q", now, then)
	}
}
