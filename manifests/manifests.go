// Package manifests renders what is deployed to a target: it turns a state, plain data,
// into documents (Kubernetes objects, a container's description, …). Each kind of
// target has a package below this one with its keys, defaults, checks and rendering;
// package kinds lists them. All of it is pure: no clock, network, environment or map
// order, so the same state gives the same bytes. Package publish applies the documents
// to the target.
//
// Promise: the packages below link neither BuildKit nor a client of a target, and
// Render needs no more than its argument. The documents of one state may change from
// version to version; the ones that are recorded with a revision are what a rollback
// applies.
package manifests

import (
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
)

// Release is a built image with the keys of its target: all that deploying it again
// needs.
type Release struct {
	// Model is the model's name, Version its version, "" if it has none.
	Model, Version string
	// Target is the [targets.NAME] that it is for, defaults filled in.
	Target deployfile.Target
	// Image is the image to run: REPOSITORY@sha256:…, or an image ID (sha256:…) for an
	// engine that the image was loaded into.
	Image string
	// ModelImage is the artifact that holds the model alone,
	// REPOSITORY@sha256:…; "" unless the target mounts the model as a volume.
	ModelImage string
	// WorkingDir is where the server starts if the target mounts the model, "" for
	// the model's directory.
	WorkingDir string
	// Port is the server's port in the container, User the uid[:gid] that it runs as.
	Port int
	User string
	// Protocols are those that the server speaks besides MLflow's: "v2".
	Protocols []string
	// LockDigest and FileDigest are those of Deployfile.lock and Deployfile,
	// sha256:…; "" where the image was not built here.
	LockDigest, FileDigest string
}

// State is the desired state of an endpoint.
type State struct {
	// Live is the release that gets the traffic.
	Live Slot
	// Next is the canary or the preview beside it, nil without one.
	Next *Slot
}

// Slot is a release with its track.
type Slot struct {
	// Track distinguishes the slots of one endpoint: "" for the plain one, TrackCanary,
	// TrackBlue or TrackGreen.
	Track string
	Release
}

// Document is one file that is applied to a target.
type Document struct {
	// Name is a file name, such as "deployment.yaml".
	Name string
	// Body is YAML, the same bytes for the same state.
	Body []byte
}

// Spec has the keys of a kind, and renders them.
type Spec interface {
	deployfile.Spec
	// Render returns the documents of a state, in the order in which they are
	// applied. The receiver has the keys of the newest release. Render may rely
	// on what Check and the tags of the keys demand.
	Render(State) ([]Document, error)
}

// Render returns the documents of a state, in the order in which they are
// applied. Its targets are checked by the rules for a Deployfile: a state may
// come from a record. The error is a *deployfile.TargetError.
func Render(s State) ([]Document, error) {
	target := s.Newest().Target
	fail := func(err error) ([]Document, error) { return nil, &deployfile.TargetError{Name: target.Name, Err: err} }
	for _, slot := range s.Slots() {
		if slot.Target.Kind != target.Kind {
			return fail(fmt.Errorf("kind %q cannot be brought up beside kind %q, which is live: deploy it with strategy = %q first", target.Kind, slot.Target.Kind, StrategyRolling))
		}
		if err := deployfile.CheckTarget(slot.Target); err != nil {
			return fail(err)
		}
	}
	spec, ok := target.Spec.(Spec)
	switch {
	case !ok:
		return fail(fmt.Errorf("kind %q has nothing to render", target.Kind))
	case s.Next != nil && !spec.Kind().Can(deployfile.VerbPromote):
		return fail(errors.New("kind " + target.Kind + " has no room for a second release beside the first"))
	}
	documents, err := spec.Render(s)
	if err != nil {
		return fail(err)
	}
	return documents, nil
}
