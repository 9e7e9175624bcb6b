package sagemaker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// verbs is an endpoint in a cloud of its own.
type verbs struct {
	clouds.Endpoint
	cloud *awscloud.Cloud
	// late lets every deadline have passed.
	late bool
}

func begin(t *testing.T, change func(*spec.Spec)) *verbs {
	c := awscloud.New(t)
	c.Stale, c.Shapes = 2, shapes(t)
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

// The life of an endpoint: nothing differs after a deploy, nothing is left after a delete.
func TestLife(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} })
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
	if err != nil || !status.Ready || status.Revision.Number != 4 || len(status.Instances) != 1 || status.Instances[0].Image != clouds.Image(repository, "2") {
		t.Errorf("%+v, %v", status, err)
	}
	if left, err := v.open().Removals(t.Context()); err != nil || len(left) != 9 {
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

// Ten revisions stay, whose names are more than a page of a list.
func TestManyRevisions(t *testing.T) {
	v := begin(t, nil)
	for n := range 14 {
		v.Must(fmt.Sprint(n%2 + 1))
	}
	revisions, err := v.open().Revisions(t.Context())
	if err != nil || len(revisions) != publish.KeepRevisions || revisions[0].Number != 14 {
		t.Errorf("%d revisions, %v", len(revisions), err)
	}
	if n := len(v.cloud.There()); n != 2*publish.KeepRevisions+1 {
		t.Errorf("%d objects: %v", n, v.cloud.There())
	}
}

// A list may lack a new model for a while.
func TestStaleLists(t *testing.T) {
	v := begin(t, nil)
	v.cloud.Stale, v.cloud.StaleLists = 4, true
	for _, version := range []string{"1", "2", "3"} {
		v.Must(version)
	}
}

// An endpoint may look for a while as if it had not been asked to change.
func TestStaleEndpoint(t *testing.T) {
	v := begin(t, nil)
	v.cloud.StaleEndpoint = 2
	for _, version := range []string{"1", "2", "3"} {
		v.Must(version)
	}
	v.cloud.Start = func(awscloud.Container) (awscloud.Server, error) { return nil, errors.New("out of memory") }
	var unready *publish.NotReadyError
	if _, err := v.Deploy("4"); !errors.As(err, &unready) || !strings.Contains(unready.Reason, "ping health check") {
		t.Errorf("%v", err)
	}
	v.Serves("3")
}
