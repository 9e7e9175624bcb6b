package containers

import (
	"context"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Host is a container engine with the containers of one endpoint. It completes what
// it has begun even if ctx ends, because the engine would complete it anyway, at an
// unknown time. The engine's publish.Store creates the container of a record. A record
// with the number 0 stands for an unmanaged container, whose ID is its attempt.
type Host interface {
	// Check refuses settings that the engine does not support.
	Check(c *manifests.Container) error
	// OnMachine reports whether a container uses the machine's own network.
	OnMachine(c *manifests.Container) bool
	// Exclusive reports whether two containers cannot share a port of the machine.
	Exclusive(c *manifests.Container) bool

	// Bring pulls an image that is missing. Brought reports whether the engine has
	// it only for that reason.
	Bring(ctx context.Context, image string, say func(line string)) (brought bool, err error)
	// RemoveImage removes an image that Bring has pulled, unless something needs it.
	RemoveImage(ctx context.Context, image string) error

	// Unmanaged returns the container that has the endpoint's name and that deployfile
	// did not create, or nil.
	Unmanaged(ctx context.Context) (*Unmanaged, error)
	// State returns the state of a record's container, nil if it is gone.
	State(ctx context.Context, r publish.Record) (*State, error)
	// LiveName returns the name of a record's container once it is deployed.
	LiveName(r publish.Record) string
	// Live returns the URL of the endpoint, At that of a record's container before it
	// is deployed.
	Live(c *manifests.Container) (url string)
	At(ctx context.Context, r publish.Record, c *manifests.Container) (url string, err error)

	// Try creates and starts a trial: a container at a free port that only has to become
	// ready. It returns the trial's URL. TrialState and EndTrial succeed if it is gone.
	Try(ctx context.Context, r publish.Record, c manifests.Container) (url string, err error)
	TrialState(ctx context.Context, r publish.Record) (*State, error)
	EndTrial(ctx context.Context, r publish.Record) error

	// Start starts a record's container. Stop stops it gracefully and disables its
	// restart; an unmanaged container also loses the endpoint's name. Both are
	// idempotent.
	Start(ctx context.Context, r publish.Record) error
	Stop(ctx context.Context, r publish.Record) error
	// ReleasePort leads new requests at a port of the machine that two containers share
	// to the one that did not release it; those that are open go on.
	ReleasePort(ctx context.Context, r publish.Record) error
	// Resume reverses Stop and ReleasePort; run starts the container, too.
	Resume(ctx context.Context, r publish.Record, run bool) error
	// Remove removes a record's container at once.
	Remove(ctx context.Context, r publish.Record) error
	// Log returns the last lines of a record's container, or of its trial.
	Log(ctx context.Context, r publish.Record, trial bool) []string

	// Containers lists all containers of the endpoint, including trials.
	Containers(ctx context.Context) ([]Container, error)
	// Destroy stops and removes one of them.
	Destroy(ctx context.Context, c Container) error
	// Close ends the connection.
	Close() error
}

// State is the state of a container.
type State struct {
	// Name is its name, Image the image that it runs.
	Name, Image string
	Running     bool
	// Ended is why its server has exited; nil if it runs or was never started.
	Ended error
	// Message describes a container that neither answers nor has exited.
	Message  string
	Restarts int
}

// Unmanaged is a container that has the endpoint's name and that deployfile did not
// create.
type Unmanaged struct {
	// ID is its identifier at the engine. Conflict is the error unless it is replaced by
	// force.
	ID       string
	Conflict *publish.ConflictError
	Running  bool
}

// Container is a container of the endpoint.
type Container struct {
	// Name is its name, Image the name of its image for Host.RemoveImage.
	Name, Image string
	// Shows is the engine's own name for the image.
	Shows string
	// Brought reports whether the image was pulled for it.
	Brought bool
}
