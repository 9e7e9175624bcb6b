// Package clouds tests kinds of target that are services of a cloud, at doubles of these.
package clouds

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// Cloud is a double of a cloud, with a clock of its own.
type Cloud interface {
	// Wait lets time pass, or what goes on end.
	Wait(time.Duration)
	// Serving returns the image behind an endpoint, "" if it does not answer.
	Serving(endpoint string) string
	// There lists what there is.
	There() []string
}

// Endpoint is an endpoint in a cloud of its own.
type Endpoint struct {
	*testing.T
	Cloud  Cloud
	Target deployfile.Target
	// Change changes each release, nil does not.
	Change func(*manifests.Release)
	// Connect connects to the endpoint anew.
	Connect func() publish.Publisher
}

// Image returns the image of a version, of one digit, and Version the version of an image.
func Image(repository, version string) string {
	return repository + "@sha256:" + strings.Repeat("0", 63) + version
}

// Version returns the version of an image that Image returned; "" for none.
func Version(image string) string { return image[max(0, len(image)-1):] }

// Release returns a release of a version.
func (e *Endpoint) Release(version string) manifests.Release {
	r := manifests.Release{Model: "iris", Version: version, Target: e.Target, Image: Image(e.Target.Image, version), Port: 8080}
	if e.Change != nil {
		e.Change(&r)
	}
	return r
}

// Options returns the options of a rollout.
func (e *Endpoint) Options() publish.Options {
	return publish.Options{By: "tester@here", At: time.Now(), ApplyOptions: publish.ApplyOptions{Timeout: 10 * time.Second, Progress: func(string) {}}}
}

// Deploy deploys a version.
func (e *Endpoint) Deploy(version string) (*publish.Outcome, error) {
	return publish.Deploy(e.Context(), e.Connect(), e.Release(version), e.Options())
}

// Must deploys a version, which then answers.
func (e *Endpoint) Must(version string) {
	e.Helper()
	if _, err := e.Deploy(version); err != nil {
		e.Fatal(err)
	}
	e.Serves(version)
}

// Serves finds fault unless a version answers.
func (e *Endpoint) Serves(version string) {
	e.Helper()
	e.Cloud.Wait(10 * time.Minute)
	if got := Version(e.Cloud.Serving(e.Target.Endpoint)); got != version {
		e.Errorf("version %q answers, want %q", got, version)
	}
}

// LateStore is a publish.Store with a clock by which every deadline has passed: a lock
// that could not be released ends by itself.
type LateStore struct{ publish.Store }

// Now implements publish.Clock.
func (LateStore) Now(context.Context) (time.Time, error) { return time.Now().Add(30 * time.Hour), nil }

// AllFaults reports whether to try all faults, as make conformance does.
func AllFaults() bool { return os.Getenv("DEPLOYFILE_TEST_FAULTS") == "all" }

// Kept picks the faults at steps of a rollout that are always tried; it is nil for all.
func Kept() func(step string, f publishtest.Fault) bool {
	if AllFaults() {
		return nil
	}
	return func(step string, f publishtest.Fault) bool {
		steps := []string{"Create 1", "Start 1", "Switch 1", "Update 1", "Update 2", "Revert 1", "Prune 1"}
		faults := []publishtest.Fault{publishtest.Lost, publishtest.DiesAfter, publishtest.Overtaken}
		return slices.Contains(steps, step) && slices.Contains(faults, f)
	}
}

// Conforming returns the endpoint for the conformance suite; parts connects to it anew,
// and promotes says that its releases come up beside the live one.
func (e *Endpoint) Conforming(promotes bool, parts func(*testing.T) (publish.Store, publish.Driver)) *publishtest.Endpoint {
	return &publishtest.Endpoint{
		Name:    e.Target.Endpoint,
		Connect: parts,
		Release: func(_ *testing.T, version string) manifests.Release { return e.Release(version) },
		Serving: func(*testing.T, string) string {
			e.Cloud.Wait(10 * time.Minute)
			return Version(e.Cloud.Serving(e.Target.Endpoint))
		},
		There: func(*testing.T) []string {
			e.Cloud.Wait(10 * time.Minute)
			return e.Cloud.There()
		},
		Marks:    true,
		Promotes: promotes,
		Timeout:  20 * time.Second,
	}
}
