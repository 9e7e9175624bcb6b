package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// verbs is an endpoint in a cloud of its own.
type verbs struct {
	*testing.T
	cloud  *awscloud.Cloud
	target deployfile.Target
	// late lets every deadline have passed: a lock that could not be released ends by
	// itself.
	late bool
}

func begin(t *testing.T, change func(*spec.Spec)) *verbs {
	c := awscloud.New(t)
	c.Stale, c.Shapes = 2, shapes(t)
	return &verbs{T: t, cloud: c, target: targetOf(change)}
}

func (v *verbs) open() *Publisher {
	p := connect(v.T, v.cloud, v.target)
	if s, d := p.Parts(); v.late {
		p.Engine = publish.NewEngine(v.target.Endpoint, lateStore{s}, d)
	}
	return p
}

// lateStore is a publish.Store with a clock that is late.
type lateStore struct{ publish.Store }

// Now implements publish.Clock.
func (lateStore) Now(context.Context) (time.Time, error) { return time.Now().Add(30 * time.Hour), nil }

func (v *verbs) release(version string) manifests.Release {
	return manifests.Release{Model: "iris", Version: version, Target: v.target, Image: imageOf(version), Port: 8080}
}

func (v *verbs) options() publish.Options {
	return publish.Options{By: "tester@here", At: time.Now(), ApplyOptions: publish.ApplyOptions{Timeout: 10 * time.Second, Progress: func(string) {}}}
}

func (v *verbs) deploy(version string) (*publish.Outcome, error) {
	return publish.Deploy(v.Context(), v.open(), v.release(version), v.options())
}

func (v *verbs) must(version string) {
	v.Helper()
	if _, err := v.deploy(version); err != nil {
		v.Fatal(err)
	}
	v.serves(version)
}

func (v *verbs) serves(version string) {
	v.Helper()
	v.cloud.Wait(10 * time.Minute)
	if got := versionOf(v.cloud.Serving("iris")); got != version {
		v.Errorf("version %q answers, want %q", got, version)
	}
}

// The life of an endpoint: nothing differs after a deploy, nothing is left after a delete.
func TestLife(t *testing.T) {
	v := begin(t, func(s *spec.Spec) { s.ResourceTags = map[string]string{"team": "flowers"} })
	for n := 1; n <= 3; n++ {
		v.must(fmt.Sprint(n))
		out, err := v.deploy(fmt.Sprint(n))
		if err != nil || out.Action != publish.Unchanged || len(out.Changes) > 0 {
			t.Errorf("again: %s, %+v, %v", out.Action, out.Changes, err)
		}
	}
	if _, err := publish.Rollback(t.Context(), v.open(), 0, v.options()); err != nil {
		t.Fatal(err)
	}
	v.serves("2")
	status, err := v.open().Status(t.Context())
	if err != nil || !status.Ready || status.Revision.Number != 4 || len(status.Instances) != 1 || status.Instances[0].Image != imageOf("2") {
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
		v.must(fmt.Sprint(n%2 + 1))
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
		v.must(version)
	}
}

// An endpoint may look for a while as if it had not been asked to change.
func TestStaleEndpoint(t *testing.T) {
	v := begin(t, nil)
	v.cloud.StaleEndpoint = 2
	for _, version := range []string{"1", "2", "3"} {
		v.must(version)
	}
	v.cloud.Start = func(string, map[string]string) (awscloud.Server, error) { return nil, errors.New("out of memory") }
	var unready *publish.NotReadyError
	if _, err := v.deploy("4"); !errors.As(err, &unready) || !strings.Contains(unready.Reason, "ping health check") {
		t.Errorf("%v", err)
	}
	v.serves("3")
}
