package builder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/buildkit/client"
)

const (
	// On its first start buildkitd probes the machine for a few seconds.
	startDeadline  = 60 * time.Second
	healthDeadline = 10 * time.Second
	// How often to retry a lock or a socket.
	retryDelay = 50 * time.Millisecond
)

// dialEmbedded connects to the user's daemon and starts it if necessary. It
// holds a lease from before the connection until Close, which keeps the daemon
// running.
func dialEmbedded(ctx context.Context, o Options) (_ *Builder, err error) {
	d, err := locateDaemon(o)
	if err != nil {
		return nil, err
	}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	lease := flock.New(d.leaseLock())
	// This waits while an idle supervisor stops.
	if _, err := lease.TryRLockContext(ctx, retryDelay); err != nil {
		return nil, fmt.Errorf("wait for the embedded builder's lock %s: %w", d.leaseLock(), err)
	}
	release := func() error {
		d.touchLease()
		return lease.Close()
	}
	defer func() {
		if err != nil {
			_ = release()
		}
	}()
	d.touchLease()

	c, workers, err := d.connect(ctx)
	if err != nil {
		if c, workers, err = d.start(ctx, o); err != nil {
			return nil, err
		}
	}
	d.pid = d.supervisorPID()
	return &Builder{
		Client:     c,
		Kind:       Embedded,
		Address:    "unix://" + d.socket,
		StepMemory: machineMemory() / 4 * 3,
		workers:    workers,
		daemon:     d,
		closers:    []func() error{release, c.Close},
	}, nil
}

// machineMemory is in bytes, 0 if unknown or if runc cannot limit it.
func machineMemory() int64 {
	var info syscall.Sysinfo_t
	if needController("memory") != nil || syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int64(info.Totalram) * int64(info.Unit)
}

// touchLease tells the supervisor that a client was here, even one that came
// and went between two checks.
func (d *daemon) touchLease() {
	now := time.Now()
	_ = os.Chtimes(d.leaseLock(), now, now)
}

// connect dials a running daemon.
func (d *daemon) connect(ctx context.Context) (*client.Client, []*client.WorkerInfo, error) {
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", d.socket)
	}
	// gRPC would retry forever if nobody listens.
	probe, err := dial(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	_ = probe.Close()
	// A dialer, because an address would have to be a valid URL.
	c, err := client.New(ctx, "", client.WithContextDialer(dial))
	if err != nil {
		return nil, nil, err
	}
	workers, err := checkWorkers(ctx, c, healthDeadline)
	if err != nil {
		_ = c.Close()
		return nil, nil, err
	}
	return c, workers, nil
}

// start ensures that one supervisor runs, no matter which command started it,
// and connects to its daemon.
func (d *daemon) start(ctx context.Context, o Options) (*client.Client, []*client.WorkerInfo, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startDeadline,
		fmt.Errorf("not ready within %s; if it hangs, end it with `deployfile builder stop`", startDeadline))
	defer cancel()

	starter := flock.New(d.startLock())
	if _, err := starter.TryLockContext(ctx, retryDelay); err != nil {
		return nil, nil, d.startError(context.Cause(ctx))
	}
	defer starter.Close()

	var exited <-chan error
	for {
		c, workers, err := d.connect(ctx)
		if err == nil {
			return c, workers, nil
		}
		if exited == nil {
			// A supervisor of an earlier command may be starting or stopping.
			running, err := d.supervised()
			if err != nil {
				return nil, nil, d.startError(err)
			}
			if !running {
				if exited, err = d.spawn(o); errors.Is(err, syscall.ENOSPC) {
					return nil, nil, d.startError(err)
				} else if err != nil {
					return nil, nil, err
				}
			}
		}
		select {
		case err := <-exited:
			return nil, nil, d.startError(fmt.Errorf("its supervisor ended: %v", err))
		case <-ctx.Done():
			return nil, nil, d.startError(context.Cause(ctx))
		case <-time.After(retryDelay):
		}
	}
}

// supervised reports whether a supervisor is running.
func (d *daemon) supervised() (bool, error) {
	lock := flock.New(d.superviseLock())
	defer lock.Close()
	free, err := lock.TryRLock()
	return !free, err
}

// startError explains why the daemon did not start, with the last lines of its
// log.
func (d *daemon) startError(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return cause
	}
	err := fmt.Errorf("buildkitd did not start: %w", cause)
	tail := lastLines(d.logFile())
	if tail != "" {
		err = fmt.Errorf("%w\nthe last lines of %s:\n%s", err, d.logFile(), tail)
	}
	if errors.Is(cause, syscall.ENOSPC) || outOfSpace(tail) || d.full() {
		return &DiskFullError{Kind: Embedded, Address: "unix://" + d.socket, Dir: d.dir, Err: err}
	}
	return err
}
