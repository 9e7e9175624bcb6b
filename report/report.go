// Package report has the JSON that the command line prints with --json: one
// exported type for each command, and nothing that makes it. It is for programs
// that run deployfile and read its output, and it is what package deploy
// returns, so it imports neither a builder nor a client of a target.
//
// docs/report.schema.json is the JSON Schema of these types. A property of its
// root is named after each command and describes what that command prints.
//
// Promise: fields are added, and the set of values of a string may grow. No field
// is renamed, removed or given another type within a major version. Read the
// JSON with a decoder that ignores unknown fields.
package report

// Target names a target of the Deployfile.
type Target struct {
	// Target is the NAME of [targets.NAME].
	Target string `json:"target"`
	// Kind is the kind of the target, such as "kubernetes".
	Kind string `json:"kind"`
	// Endpoint is what the deployment is called at the target.
	Endpoint string `json:"endpoint"`
}

// Slot is one release at a target.
type Slot struct {
	// Track is "canary", "blue" or "green"; it is left out for a release that is
	// deployed without a strategy.
	Track string `json:"track,omitempty"`
	// Weight is the share of the requests in percent that a canary receives.
	Weight int `json:"weight,omitempty"`
	// Model is the model's name, Version its version, if it has one.
	Model   string `json:"model"`
	Version string `json:"version,omitempty"`
	// Image is what runs: REPOSITORY@sha256:…, or sha256:… for an engine that was
	// handed the image.
	Image string `json:"image"`
	// ModelImage is the artifact with the model, if the target mounts it.
	ModelImage string `json:"model-image,omitempty"`
	// Lock is the digest of Deployfile.lock, if it is known.
	Lock string `json:"lock,omitempty"`
	// File is the digest of the Deployfile, if it is known.
	File string `json:"file,omitempty"`
}

// Change is one object that differs at a target.
type Change struct {
	// Action is what a deployment does with the object.
	Action string `json:"action" jsonschema:"enum=create,enum=update,enum=delete"`
	// Object names it, such as "Deployment models/iris-prod".
	Object string `json:"object"`
	// Diff has the lines that differ, each after a "+" or a "-". It never has the
	// value of a Secret.
	Diff string `json:"diff,omitempty"`
	// Conflicts are the fields that others have set and that a deployment refuses
	// to overwrite.
	Conflicts []string `json:"conflicts,omitempty"`
}

// Failure says which kind of failure an error is, for a program that decides
// what to do next. The exit codes of the command line tell the same apart.
type Failure string

// The kinds of failure.
const (
	// FailureConflict is something at the target that somebody else has changed,
	// or an endpoint of another model. Nothing was changed. A person decides.
	FailureConflict Failure = "conflict"
	// FailureBusy is another deployment of the same endpoint. Nothing was changed.
	// Try again later.
	FailureBusy Failure = "busy"
	// FailureNotReady is a release that did not become ready, and there is no
	// earlier revision that answers in its place.
	FailureNotReady Failure = "not-ready"
	// FailureRolledBack is a release that did not become ready. The revision
	// before it answers again.
	FailureRolledBack Failure = "rolled-back"
	// FailureInterrupted is a command that was interrupted.
	FailureInterrupted Failure = "interrupted"
	// FailureOther is any other failure.
	FailureOther Failure = "other"
)
