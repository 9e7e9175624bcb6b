// Package builder finds and dials the BuildKit of a build: one that the user
// names, the one inside Docker's engine, or an embedded one, a private
// buildkitd with runc that this package starts on demand, shares between the
// commands of one user and stops when it is idle.
//
// To start the embedded daemon, a command calls Find, Find starts a supervisor
// (the same program, see Supervise), and the supervisor starts buildkitd as the
// first process of its own PID namespace. If one of these processes dies, the
// kernel kills those below it.
//
// Promise: a program that imports this package calls Supervise when it is started
// with the arguments of Options.Supervisor, or always gives an Address. In return
// all programs of one user share one builder, and nothing that this package starts
// outlives its idle limit.
package builder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/dockerengine"
	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Defaults of the embedded builder for zero fields of Options.
const (
	// DefaultDiskLimit is the size of the cache in bytes above which the garbage
	// collector removes the least recently used entries.
	DefaultDiskLimit int64 = 20e9
	// DefaultIdleTimeout is how long the daemon runs without a client.
	DefaultIdleTimeout = 10 * time.Minute
)

// Kind says how a builder was found.
type Kind string

// The kinds, in the order in which Find tries them.
const (
	Remote   Kind = "remote"   // an address that the user gave
	Docker   Kind = "docker"   // the BuildKit inside Docker's engine
	Embedded Kind = "embedded" // a private buildkitd, Linux only
)

// Options says where to look for a builder and how to run an embedded one. The
// zero value is usable.
type Options struct {
	// Kind, if set, is the only kind that is tried: Docker or Embedded. An
	// Address is always Remote.
	Kind Kind
	// Address of a BuildKit: unix://, tcp:// (plain text), docker-container://,
	// kube-pod:// or ssh://, as in BuildKit's own BUILDKIT_HOST. If set, nothing
	// else is tried.
	Address string

	// Buildkitd is the embedded daemon's program. Default: beside the running
	// program, then on PATH.
	Buildkitd string
	// StateDir has the embedded daemon's cache, socket and log, and is about as
	// large as DiskLimit; only its owner may enter. Default: deployfile/buildkit
	// in the user's cache directory.
	StateDir string
	// DiskLimit is the size of the embedded daemon's cache in bytes. The garbage
	// collector enforces it between builds, so one build may exceed it.
	DiskLimit int64
	// IdleTimeout is how long the embedded daemon runs without a client.
	IdleTimeout time.Duration
	// Supervisor is the command that calls Supervise; SuperviseOptions.Args
	// are appended to it. Default: the running program, "builder-supervise".
	Supervisor []string
}

func (o Options) withDefaults() Options {
	if o.DiskLimit == 0 {
		o.DiskLimit = DefaultDiskLimit
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	return o
}

// Builder is a connected BuildKit. Close it when done: an embedded one stays up
// until then.
type Builder struct {
	// Client is the connection to the daemon.
	Client *client.Client
	// Kind is how the builder was found.
	Kind Kind
	// Address names the daemon in messages. BuildKit's tools can dial it unless
	// Kind is Docker.
	Address string
	// StepMemory is the default memory limit of a step in bytes: three quarters of
	// the machine's memory for an embedded builder, and 0, no limit, for the
	// others.
	StepMemory int64

	workers []*client.WorkerInfo
	daemon  *daemon
	closers []func() error
}

// Find returns the first builder that answers: Options.Address, and only that,
// if it is set; else the engine of Docker's CLI; else the embedded one, which
// it starts if necessary. The embedded one does not stand in for a Docker engine
// that the user has chosen with DOCKER_HOST or DOCKER_CONTEXT. If no builder
// answers, the error is a *NotFoundError with all attempts and their errors. If the embedded builder could not start
// because the disk is full, the error wraps a *DiskFullError. ctx limits the
// search, not the life of the builder.
func Find(ctx context.Context, o Options) (*Builder, error) {
	o = o.withDefaults()
	if o.Address != "" {
		b, err := dialRemote(ctx, o.Address)
		if err != nil {
			return nil, &NotFoundError{Tried: []Attempt{{Remote, err}}}
		}
		return b, nil
	}
	var tried []Attempt
	if o.Kind == "" {
		tried = append(tried, Attempt{Remote, errors.New("no address given (BUILDKIT_HOST or --builder)")})
	}
	chosen := dockerengine.Chosen()
	for _, way := range []struct {
		kind Kind
		dial func(context.Context, Options) (*Builder, error)
	}{{Docker, dialDocker}, {Embedded, dialEmbedded}} {
		if o.Kind != "" && o.Kind != way.kind {
			continue
		}
		if o.Kind == "" && way.kind == Embedded && chosen != "" {
			tried = append(tried, Attempt{Embedded, fmt.Errorf("not tried, because %s chooses a Docker engine: unset it, or choose this one with --builder embedded", chosen)})
			break
		}
		b, err := way.dial(ctx, o)
		if err == nil {
			return b, nil
		}
		tried = append(tried, Attempt{way.kind, err})
		if ctx.Err() != nil {
			break
		}
	}
	return nil, &NotFoundError{Tried: tried}
}

// Close closes the connection. An embedded daemon stays up for the next command
// until it has been idle for Options.IdleTimeout. Further calls do nothing.
func (b *Builder) Close() error {
	var errs []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		errs = append(errs, b.closers[i]())
	}
	b.closers = nil
	return errors.Join(errs...)
}

// Platform returns the builder's own platform, the default for build steps: the
// first platform of its first worker.
func (b *Builder) Platform() ocispecs.Platform {
	return b.workers[0].Platforms[0]
}

// String names the builder for a person, as "embedded BuildKit v0.33.1" or
// "Docker's engine at unix:///var/run/docker.sock".
func (b *Builder) String() string {
	switch b.Kind {
	case Docker:
		return "Docker's engine at " + b.Address
	case Embedded:
		return strings.TrimSpace("embedded BuildKit " + b.Version())
	default:
		return strings.TrimSpace("BuildKit "+b.Version()) + " at " + b.Address
	}
}

// Version returns the daemon's version, such as "v0.33.1"; "" if unknown.
func (b *Builder) Version() string { return b.workers[0].BuildkitVersion.Version }

// Prune removes build cache from the builder and returns the bytes freed:
// unreferenced entries or, if all is set, everything that is not in use.
func (b *Builder) Prune(ctx context.Context, all bool) (int64, error) {
	var opts []client.PruneOption
	if all {
		opts = append(opts, client.PruneAll)
	}
	removed := make(chan client.UsageInfo)
	total := make(chan int64)
	go func() {
		var sum int64
		for u := range removed {
			sum += u.Size
		}
		total <- sum
	}()
	err := b.Client.Prune(ctx, removed, opts...)
	close(removed)
	freed := <-total
	if err != nil {
		return freed, fmt.Errorf("prune the cache of %s: %w", b.Address, err)
	}
	return freed, nil
}

// DiskUsed returns the size of the builder's cache in bytes.
func (b *Builder) DiskUsed(ctx context.Context) (int64, error) {
	records, err := b.Client.DiskUsage(ctx)
	if err != nil {
		return 0, fmt.Errorf("disk usage of %s: %w", b.Address, err)
	}
	var sum int64
	for _, r := range records {
		sum += r.Size
	}
	return sum, nil
}

// checkWorkers is the health check for every kind: a daemon with a worker that
// has a platform can build.
func checkWorkers(ctx context.Context, c *client.Client, limit time.Duration) ([]*client.WorkerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		return nil, err
	}
	if len(workers) == 0 || len(workers[0].Platforms) == 0 {
		return nil, errors.New("the BuildKit there has no worker")
	}
	return workers, nil
}
