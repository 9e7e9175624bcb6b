// Package publish brings releases to targets: a small interface that every
// kind of target implements, in a package of its own below this one, and the
// verbs (deploy, promote, roll back) that are the same for all. The state of an
// endpoint is kept at the target and nowhere else, so any machine can list,
// compare and roll back. Package connect opens a target of any kind.
//
// Promise: a verb either makes a revision that is ready, or restores the previous
// one and returns a typed error of this package. Publisher does not grow: what only
// some targets can do is an interface of its own, such as Logger. Records of earlier
// versions are read.
package publish

import (
	"context"
	"io"
	"time"

	"github.com/deployfile/deployfile/manifests"
)

// Publisher is the connection to one target, and the endpoint there that the
// target's name and the model's stand for.
type Publisher interface {
	// Endpoint returns the endpoint's name.
	Endpoint() string
	// Revisions lists what was deployed, newest first; none if nothing was.
	Revisions(ctx context.Context) ([]Revision, error)
	// Diff says what Apply would change at the target as it is now, and which
	// conflicts it would refuse.
	Diff(ctx context.Context, documents []manifests.Document) ([]Change, error)
	// Apply deploys the revision: it waits until that is ready, records it, and
	// removes what only the previous one had. If that fails or ctx ends, the
	// previous revision is restored, nothing else is left, and the error is a
	// *NotReadyError, *ConflictError, *BusyError or the target's own. It returns
	// the revision with the number under which it is recorded: a revision that
	// failed may have taken the number that was asked for.
	Apply(ctx context.Context, revision Revision, o ApplyOptions) (Revision, error)
	// Status says what is there, whether it serves and if not why.
	Status(ctx context.Context) (*Status, error)
	// Removals says what Delete would remove, none if nothing is there.
	Removals(ctx context.Context) ([]Change, error)
	// Delete removes all that was ever deployed of this endpoint. It is no
	// error that nothing is there. It can be called again after it failed.
	Delete(ctx context.Context) error
	// Close ends the connection.
	Close() error
}

// Logger is a Publisher whose target keeps what the server prints.
type Logger interface {
	// Logs writes the log of all instances.
	Logs(ctx context.Context, w io.Writer, o LogOptions) error
}

// Opener is a Publisher whose endpoint can be reached from here.
type Opener interface {
	// Open returns the endpoint, by way of a tunnel where there is no other.
	Open(ctx context.Context) (*Endpoint, error)
}

// Batcher is a Publisher whose target runs the image once over a file.
type Batcher interface {
	// Batch scores all of the input and returns when the output is written.
	Batch(ctx context.Context, o BatchOptions) error
}

// Importer is a Publisher whose target has an image store of its own, so that
// it needs no registry.
type Importer interface {
	// Import hands over an image for the target's platform, an archive that
	// is both Docker's and an OCI layout, and returns how the target calls
	// it: sha256:….
	Import(ctx context.Context, archive io.Reader) (image string, err error)
}

// MaxRevision is the highest number of a revision.
const MaxRevision = manifests.MaxRevision

// Revision is a state that was deployed, and by whom.
type Revision struct {
	// Number counts from 1 to MaxRevision, without gaps that mean anything.
	Number int
	// State is what was asked for, Documents what it was rendered to.
	State     manifests.State
	Documents []manifests.Document
	// By is user@host, At the time, to the second.
	By string
	At time.Time
}

// ApplyOptions say how a revision is applied.
type ApplyOptions struct {
	// Timeout limits the wait until the endpoint serves.
	Timeout time.Duration
	// NoWait returns when the target has accepted the revision.
	NoWait bool
	// ForceConflicts takes over what other managers have set.
	ForceConflicts bool
	// Progress is told what happens, a line each.
	Progress func(line string)
}

// Change is one thing that differs at the target.
type Change struct {
	// Action is "create", "update" or "delete".
	Action string
	// Object is what differs, such as "Deployment models/iris-prod".
	Object string
	// Diff are the lines that differ, each with "+" or "-" in front; it never
	// has the value of a Secret.
	Diff string
	// Conflicts are what others have set of the object, as in a ConflictError:
	// Apply refuses the change for them unless ForceConflicts is set.
	Conflicts []string
}

// Status is what a target serves.
type Status struct {
	// Revision is the newest, nil if nothing is deployed.
	Revision *Revision
	// Ready says that it serves; Message says why not, or what is under way.
	Ready   bool
	Message string
	// Instances are the containers or pods.
	Instances []Instance
	// URL is where the endpoint is reached, "" if only by Open.
	URL string
}

// Instance is a container or a pod.
type Instance struct {
	// Name is its name at the target, Image what it runs.
	Name, Image string
	// Track is that of the slot it belongs to.
	Track string
	Ready bool
	// Message says what keeps it from being ready.
	Message string
	// Restarts is how often it was started again.
	Restarts int
}

// LogOptions say which part of a log is wanted.
type LogOptions struct {
	// Follow goes on until ctx ends.
	Follow bool
	// Tail is the number of last lines of each instance, 0 for all.
	Tail int
	// Since is the age of the oldest lines, 0 for any.
	Since time.Duration
}

// Endpoint is a way to the server.
type Endpoint struct {
	// URL has no path.
	URL string
	// Close ends the tunnel, if there is one.
	Close func() error
}

// BatchOptions say what a batch reads and writes.
type BatchOptions struct {
	// Input and Output are local paths or URLs (s3://, pvc://CLAIM/PATH).
	Input, Output string
	// Timeout limits the run.
	Timeout time.Duration
	// Progress is told what happens, a line each.
	Progress func(line string)
}
