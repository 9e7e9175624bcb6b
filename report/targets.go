package report

import "time"

// Outcome is what deploy, promote and rollback print for each target.
type Outcome struct {
	Target
	// Action is what was done: "planned" is a dry run that would change something.
	Action Action `json:"action" jsonschema:"enum=applied,enum=planned,enum=unchanged,enum=failed"`
	// Revision is the number of the newest revision afterwards, 0 for none.
	Revision int `json:"revision"`
	// Previous is the number of the newest revision before, 0 for none.
	Previous int `json:"previous"`
	// Live answers requests.
	Live *Slot `json:"live,omitempty"`
	// Next waits beside it to be promoted.
	Next *Slot `json:"next,omitempty"`
	// Changes are what differed at the target.
	Changes []Change `json:"changes"`
	// Differences are the packages, images and model files that a dry run would bring,
	// as far as the project has the lock of what is deployed.
	Differences []Difference `json:"differences,omitempty"`
	// Ready reports whether the endpoint is ready.
	Ready bool `json:"ready"`
	// Message says why it is not, or what is under way.
	Message string `json:"message,omitempty"`
	// URL is where the endpoint is reached, if that needs no tunnel.
	URL string `json:"url,omitempty"`
	Problem
}

// Action is what a verb did.
type Action string

// The actions.
const (
	Applied   Action = "applied"   // there is a new revision
	Planned   Action = "planned"   // there would be one, but for a dry run
	Unchanged Action = "unchanged" // everything is as it was asked for
	Failed    Action = "failed"    // Error says why
)

// Problem is what went wrong.
type Problem struct {
	// Error is the message for a person, over one or more lines.
	Error string `json:"error,omitempty"`
	// Failure says which kind of failure it is; it is there if Error is.
	Failure Failure `json:"failure,omitempty" jsonschema:"enum=conflict,enum=busy,enum=not-ready,enum=rolled-back,enum=interrupted,enum=other"`
}

// Status is what status prints for each target.
type Status struct {
	Target
	// Deployed reports whether there is a revision.
	Deployed bool `json:"deployed"`
	// Ready reports whether the endpoint is ready.
	Ready bool `json:"ready"`
	// Message says why it is not, or what is under way.
	Message string `json:"message,omitempty"`
	// URL is where the endpoint is reached, if that needs no tunnel.
	URL string `json:"url,omitempty"`
	// Revision is the number of the newest revision, 0 for none.
	Revision int `json:"revision"`
	// At is when it was deployed.
	At *time.Time `json:"at,omitempty"`
	// By is who deployed it, user@host.
	By string `json:"by,omitempty"`
	// Live answers requests.
	Live *Slot `json:"live,omitempty"`
	// Next waits beside it to be promoted.
	Next *Slot `json:"next,omitempty"`
	// Instances are the containers or pods.
	Instances []Instance `json:"instances"`
	Problem
}

// Instance is one container or pod.
type Instance struct {
	// Name is its name at the target.
	Name string `json:"name"`
	// Image is what it runs.
	Image string `json:"image"`
	// Track is that of the slot that it belongs to.
	Track string `json:"track,omitempty"`
	// Ready reports whether it takes requests.
	Ready bool `json:"ready"`
	// Message says what keeps it from that.
	Message string `json:"message,omitempty"`
	// Restarts counts how often it was restarted.
	Restarts int `json:"restarts"`
}

// Revision is what list prints for each revision of a target, newest first.
type Revision struct {
	// Number counts from 1.
	Number int `json:"number"`
	// At is when it was deployed.
	At time.Time `json:"at"`
	// By is who deployed it, user@host.
	By string `json:"by"`
	// Image is what it deployed.
	Image string `json:"image"`
	// ModelImage is the artifact with the model, if the target mounts it.
	ModelImage string `json:"model-image,omitempty"`
	// Lock is the digest of Deployfile.lock, if it is known.
	Lock string `json:"lock,omitempty"`
	// File is the digest of the Deployfile, if it is known.
	File string `json:"file,omitempty"`
	// Version is the version of the model, if it has one.
	Version string `json:"version,omitempty"`
	// Serves is "live" for the revision whose release answers requests, "next"
	// for the one whose release waits to be promoted, and "" for the others.
	Serves string `json:"serves" jsonschema:"enum=live,enum=next,enum="`
}

// TargetDiff is what diff prints for each target.
type TargetDiff struct {
	Target
	// Revision is the number of the newest revision, 0 for none.
	Revision int `json:"revision"`
	// Different reports whether deploy would change something.
	Different bool `json:"different"`
	// Changes are what it would change.
	Changes []Change `json:"changes"`
	// Differences are the packages, images and model files that it would bring, as far
	// as the project has the lock of what is deployed.
	Differences []Difference `json:"differences,omitempty"`
	Problem
}

// Deletion is what delete prints for each target.
type Deletion struct {
	Target
	// Deleted reports whether nothing is deployed any more.
	Deleted bool `json:"deleted"`
	// Changes are what a dry run would remove.
	Changes []Change `json:"changes,omitempty"`
	Problem
}

// Endpoint is what open prints.
type Endpoint struct {
	Target
	// URL is where the endpoint is reached, without a path.
	URL string `json:"url"`
}
