package containers

import (
	"context"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Host is a container engine, and the containers there of one endpoint. What it
// has begun goes on when ctx ends: the engine would do it all the same, at a time
// that nobody knows. The container of a record is made by the engine's
// publish.Store. A record with the number 0 is the stranger whose ID is its attempt.
type Host interface {
	// Check refuses settings that the engine has no way for.
	Check(c *manifests.Container) error
	// OnMachine says that a container listens on the machine's own network.
	OnMachine(c *manifests.Container) bool
	// Exclusive says that two containers cannot have one port of the machine.
	Exclusive(c *manifests.Container) bool

	// Bring makes sure that an image is there. Brought says that nobody else has
	// asked for it.
	Bring(ctx context.Context, image string, say func(line string)) (brought bool, err error)
	// GiveUp removes an image that was brought, unless something needs it.
	GiveUp(ctx context.Context, image string) error

	// Stranger returns whoever has the endpoint's name and is not deployfile's, nil
	// if nobody does.
	Stranger(ctx context.Context) (*Stranger, error)
	// State returns how a record's container stands, nil if it is gone.
	State(ctx context.Context, r publish.Record) (*State, error)
	// LiveName is the name of a record's container once it is deployed.
	LiveName(r publish.Record) string
	// Live returns where requests reach the endpoint, At where a record's container
	// can be asked before it is deployed.
	Live(c *manifests.Container) (url string)
	At(ctx context.Context, r publish.Record, c *manifests.Container) (url string, err error)

	// Try makes and starts a container that is only to show that it becomes ready,
	// at a port that nobody has, and returns where. TrialState and EndTrial are about
	// that one; it is no error if it is not there.
	Try(ctx context.Context, r publish.Record, c manifests.Container) (url string, err error)
	TrialState(ctx context.Context, r publish.Record) (*State, error)
	EndTrial(ctx context.Context, r publish.Record) error

	// Start starts a record's container. Stop lets the server end what it is about,
	// and sees to it that it ends and stays so; a stranger loses the endpoint's
	// name. Both are no error if it is done already.
	Start(ctx context.Context, r publish.Record) error
	Stop(ctx context.Context, r publish.Record) error
	// Resume is the opposite of Stop, and starts the container if it is to run.
	Resume(ctx context.Context, r publish.Record, run bool) error
	// Remove removes a record's container at once.
	Remove(ctx context.Context, r publish.Record) error
	// Log returns the last lines of a record's container, or of its trial.
	Log(ctx context.Context, r publish.Record, trial bool) []string

	// Containers lists all of the endpoint, trials too.
	Containers(ctx context.Context) ([]Container, error)
	// Destroy stops and removes one of them.
	Destroy(ctx context.Context, c Container) error
	// Close ends the connection.
	Close() error
}

// State is how a container stands.
type State struct {
	// Name is its name, Image what it runs.
	Name, Image string
	Running     bool
	// Ended says why its server runs no more; nil if it does, or was never started.
	Ended error
	// Message says what it does if it neither answers nor has ended.
	Message  string
	Restarts int
}

// Stranger is a container that is in the way.
type Stranger struct {
	// ID is what the engine calls it.
	ID       string
	Conflict *publish.ConflictError
	Running  bool
}

// Container is one that was made for the endpoint.
type Container struct {
	// Name is its name, Image that of its image as Host.GiveUp takes it.
	Name, Image string
	// Shows is what the engine calls the image.
	Shows string
	// Brought says that the image is there for it.
	Brought bool
}
