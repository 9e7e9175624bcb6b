// Package manifests says what each kind of target is given: it turns the state
// that a target is to be in, plain data, into documents (Kubernetes objects, a
// container's description, …). It is pure: no clock, network, environment or
// map order, so the same state gives the same bytes. Package publish takes the
// documents to the target.
package manifests

import (
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
)

// Release is a built image and what the Deployfile says of a target: all that
// is needed to bring it there again.
type Release struct {
	// Model is the model's name, Version its version, "" if it has none.
	Model, Version string
	// Target is the [targets.NAME] that it is for, defaults filled in.
	Target deployfile.Target
	// Image is what runs: REPOSITORY@sha256:…, or an image id (sha256:…) for
	// an engine that was handed the image.
	Image string
	// ModelImage is the artifact that holds the model alone,
	// REPOSITORY@sha256:…; "" unless the target mounts the model as a volume.
	ModelImage string
	// Port is where the server listens inside, User the uid[:gid] that it runs
	// as.
	Port int
	User string
	// LockDigest and FileDigest are those of Deployfile.lock and Deployfile,
	// sha256:…; "" where the image was not built here.
	LockDigest, FileDigest string
}

// State is what a target is to serve.
type State struct {
	// Live is what answers requests.
	Live Slot
	// Next is what a canary or blue-green deployment has brought up beside it,
	// nil if nothing.
	Next *Slot `json:",omitempty"`
}

// Slot is a release in its place.
type Slot struct {
	// Track tells the slots of one endpoint from each other: "" for the plain
	// one, "canary", "blue" or "green".
	Track string
	Release
}

// Document is one thing that a target is given.
type Document struct {
	// Name is a file name, such as "deployment.yaml".
	Name string
	// Body is YAML, the same bytes for the same state.
	Body []byte
}

// Render returns the documents of a state, in the order in which they are
// applied.
func Render(s State) ([]Document, error) {
	target := s.Newest().Target
	switch target.Kind {
	case "docker", "containerd":
		return container(s)
	case "registry":
		return registry(s)
	case "kubernetes":
		return kubernetes(s)
	case "kserve":
		return kserve(s)
	}
	return nil, fmt.Errorf("target %q: deployfile does not deploy to %q yet", target.Name, target.Kind)
}
