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

// Publisher is the connection to one target and to one endpoint there, which the
// target's name or the model's names.
type Publisher interface {
	// Endpoint returns the endpoint's name.
	Endpoint() string
	// Revisions lists what was deployed, newest first; none if nothing was.
	Revisions(ctx context.Context) ([]Revision, error)
	// Diff returns what Apply would change at the target now, and which conflicts it
	// would refuse.
	Diff(ctx context.Context, documents []manifests.Document) ([]Change, error)
	// Apply deploys the revision: it waits until that is ready, records it, and removes
	// what only the previous one had. If that fails or ctx ends, it restores the
	// previous revision, leaves nothing else, and returns a *NotReadyError,
	// *ConflictError, *BusyError or an error of the target's own. The revision that it
	// returns has the number under which it is recorded: a revision that failed may have
	// taken the requested number.
	Apply(ctx context.Context, revision Revision, o ApplyOptions) (Revision, error)
	// Status returns the instances, and whether the endpoint is ready and if not why.
	Status(ctx context.Context) (*Status, error)
	// Removals returns what Delete would remove, nothing if nothing is deployed.
	Removals(ctx context.Context) ([]Change, error)
	// Delete removes everything that was ever deployed of this endpoint. It is
	// idempotent, and can be repeated after a failure.
	Delete(ctx context.Context) error
	// Close ends the connection.
	Close() error
}

// Logger is a Publisher whose target keeps the server's log.
type Logger interface {
	// Logs writes the log of all instances.
	Logs(ctx context.Context, w io.Writer, o LogOptions) error
}

// Opener is a Publisher that can connect this machine to its endpoint.
type Opener interface {
	// Open returns the endpoint, through a tunnel if necessary.
	Open(ctx context.Context) (*Endpoint, error)
}

// Tracker is an Opener whose target sends a request to one of two releases if it is asked to.
type Tracker interface {
	// Tracked returns the header by which a request to what Open returns names the live
	// release of a revision, or the next.
	Tracked(newest *Revision, next bool) (name, value string, err error)
}

// Batcher is a Publisher whose target can run the image once over a file.
type Batcher interface {
	// Batch scores the whole input and returns when the output is written.
	Batch(ctx context.Context, o BatchOptions) error
}

// Importer is a Publisher whose target has an image store of its own, so that
// it needs no registry.
type Importer interface {
	// Import loads an image for the target's platform from an archive, which is both in
	// Docker's format and an OCI layout, and returns the target's name for it: sha256:….
	Import(ctx context.Context, archive io.Reader) (image string, err error)
}

// Host is a Publisher that knows on what machines its target runs images.
type Host interface {
	// Platforms returns the platforms, such as linux/amd64; none if they are not known.
	Platforms(ctx context.Context) ([]string, error)
}

// Receiver is a Publisher whose target has a registry of its own that must know a
// repository before an image is pushed there.
type Receiver interface {
	// Receive makes sure that the repository of the target is there, before anything is
	// built for it.
	Receive(ctx context.Context) error
}

// MaxRevision is the highest revision number.
const MaxRevision = manifests.MaxRevision

// Revision is a deployed state, with who deployed it.
type Revision struct {
	// Number counts from 1 to MaxRevision; gaps have no meaning.
	Number int
	// State is the desired state, Documents what it was rendered to.
	State     manifests.State
	Documents []manifests.Document
	// By is user@host, At the time, to the second.
	By string
	At time.Time
}

// ApplyOptions configure how a revision is applied.
type ApplyOptions struct {
	// Timeout limits each wait until the endpoint is ready.
	Timeout time.Duration
	// NoWait makes Apply return once the target has accepted the revision.
	NoWait bool
	// ForceConflicts overwrites what other managers have set.
	ForceConflicts bool
	// Progress is told what happens, a line each.
	Progress func(line string)
}

// Change is one difference at the target.
type Change struct {
	// Action is "create", "update" or "delete".
	Action string
	// Object is the object that differs, such as "Deployment models/iris-prod".
	Object string
	// Diff are the lines that differ, each with "+" or "-" in front; it never
	// has the value of a Secret.
	Diff string
	// Conflicts are what other managers have set of the object, as in a ConflictError:
	// Apply refuses the change unless ForceConflicts is set.
	Conflicts []string
}

// Status is the state of an endpoint.
type Status struct {
	// Revision is the newest, nil if nothing is deployed.
	Revision *Revision
	// Ready reports whether the endpoint is ready; Message is why not, or what is under
	// way.
	Ready   bool
	Message string
	// Instances are the containers or pods.
	Instances []Instance
	// URL is the URL of the endpoint, "" if only Open reaches it.
	URL string
}

// Instance is a container or a pod of an endpoint.
type Instance struct {
	// Name is its name at the target, Image what it runs.
	Name, Image string
	// Track is that of the slot it belongs to.
	Track string
	Ready bool
	// Message is why it is not ready.
	Message string
	// Restarts is how often it was started again.
	Restarts int
}

// LogOptions select a part of a log.
type LogOptions struct {
	// Follow continues until ctx ends.
	Follow bool
	// Tail is the number of last lines of each instance, 0 for all.
	Tail int
	// Since is the age of the oldest lines, 0 for any.
	Since time.Duration
}

// Endpoint is a connection to the server.
type Endpoint struct {
	// URL has no path.
	URL string
	// Close ends the tunnel, if there is one.
	Close func() error
}

// BatchOptions describe a batch.
type BatchOptions struct {
	// Input and Output are local paths or URLs (s3://, pvc://CLAIM/PATH).
	Input, Output string
	// Timeout limits the run.
	Timeout time.Duration
	// Progress is told what happens, a line each.
	Progress func(line string)
}
