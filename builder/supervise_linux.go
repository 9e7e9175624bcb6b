package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/deployfile/deployfile/internal/network"
	"github.com/gofrs/flock"
)

const (
	// A daemon whose supervisor was killed may take a moment to exit.
	takeOverDeadline = 10 * time.Second
	// How long running builds have for their cancellation before the daemon is
	// killed.
	stopDeadline = 10 * time.Second
	longestLook  = 5 * time.Second
)

// Supervise is the body of the hidden command in Options.Supervisor: it runs
// buildkitd until no client has held a lease for o.IdleTimeout, ctx ends, or
// SIGTERM or SIGINT arrives, and then returns nil. If buildkitd dies by itself,
// it returns an error. The command must pass the options parsed from its own
// last arguments, because Supervise runs the program again, with these and more
// arguments, to become buildkitd and to start each of its containers.
func Supervise(ctx context.Context, o SuperviseOptions) error {
	switch {
	case o.inner:
		return becomeBuildkitd(o)
	case o.runc != nil:
		return becomeRuntime(o)
	}
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	d, err := locateDaemon(Options{StateDir: o.StateDir})
	if err != nil {
		return err
	}
	if err := d.prepare(); err != nil {
		return err
	}
	lock := flock.New(d.superviseLock())
	if err := lockSoon(ctx, lock); err != nil {
		return fmt.Errorf("another supervisor has the embedded builder: %w", err)
	}
	defer lock.Close()
	if err := os.WriteFile(d.superviseLock(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return fmt.Errorf("say who supervises: %w", err)
	}
	if err := d.clear(ctx, o); err != nil {
		return err
	}
	// The next supervisor reports what cannot be removed.
	defer os.RemoveAll(d.temporary())
	networks, err := network.Listen(d.networkSocket())
	if err != nil {
		return err
	}
	defer networks.Close()
	go networks.Serve()
	cmd, died, err := startInner()
	if err != nil {
		return fmt.Errorf("start buildkitd: %w", err)
	}
	// Held exclusively from the moment of idleness until the end, so that a new
	// client waits and then starts a new daemon.
	lease := flock.New(d.leaseLock())
	defer lease.Close()
	if err := d.watch(ctx, o.IdleTimeout, lease, died); err != nil {
		end(cmd, died)
		return err
	}
	end(cmd, died)
	return nil
}

// clear waits for the buildkitd of a predecessor to exit, removes its sockets
// and temporary files, and writes the configuration and the files that it
// names.
func (d *daemon) clear(ctx context.Context, o SuperviseOptions) error {
	if err := os.MkdirAll(d.root(), 0o700); err != nil {
		return fmt.Errorf("the embedded builder's cache: %w", err)
	}
	before := flock.New(filepath.Join(d.root(), "buildkitd.lock"))
	if err := lockSoon(ctx, before); err != nil {
		return fmt.Errorf("another buildkitd uses %s: %w", d.root(), err)
	}
	if err := before.Close(); err != nil {
		return fmt.Errorf("the lock of buildkitd: %w", err)
	}
	for _, socket := range []string{d.socket, d.traceSocket(), d.networkSocket()} {
		if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove an old socket: %w", err)
		}
	}
	if err := errors.Join(os.RemoveAll(d.temporary()), os.Mkdir(d.temporary(), 0o700)); err != nil {
		return fmt.Errorf("empty the directory of temporary files: %w", err)
	}
	config, err := daemonConfig(d, o.DiskLimit)
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.config(), config, 0o600); err != nil {
		return fmt.Errorf("configure buildkitd: %w", err)
	}
	runc, err := findRunc()
	if err != nil {
		return err
	}
	return errors.Join(
		replace(d.runtime(), d.runtimeScript(runc, os.Args[1:]), 0o700),
		replace(d.program(), nil, 0o700))
}

// replace writes a new file, whatever mode the old one had.
func replace(file string, data []byte, mode os.FileMode) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("configure buildkitd: %w", err)
	}
	if err := os.WriteFile(file, data, mode); err != nil {
		return fmt.Errorf("configure buildkitd: %w", err)
	}
	return nil
}

// watch returns nil when the daemon should stop, and an error if it died or
// never started.
func (d *daemon) watch(ctx context.Context, idle time.Duration, lease *flock.Flock, died <-chan error) error {
	up := make(chan error, 1)
	go func() { up <- d.awaitUp(ctx) }()
	look := time.NewTicker(min(max(idle/10, retryDelay), longestLook))
	defer look.Stop()
	used := time.Now()
	for {
		select {
		case err := <-died:
			return fmt.Errorf("buildkitd exited: %v", err)
		case err := <-up:
			if err != nil && ctx.Err() == nil {
				return fmt.Errorf("buildkitd does not answer: %w", err)
			}
		case <-ctx.Done():
			return nil
		case <-look.C:
			free, err := lease.TryLock()
			if err != nil {
				return fmt.Errorf("look for clients: %w", err)
			}
			if !free {
				used = time.Now()
				continue
			}
			d.sweep()
			if info, err := os.Stat(d.leaseLock()); err == nil && info.ModTime().After(used) && info.ModTime().Before(time.Now()) {
				used = info.ModTime()
			}
			if time.Since(used) >= idle {
				return nil
			}
			if err := lease.Unlock(); err != nil {
				return fmt.Errorf("look for clients: %w", err)
			}
		}
	}
}

// sweep removes what BuildKit leaves of finished mounts: an empty directory for each
// single file. It is called while no client has a lease, so none is in use.
func (d *daemon) sweep() {
	left, err := filepath.Glob(filepath.Join(d.temporary(), "buildkit-mount*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		_ = os.Remove(dir) // fails for a directory with anything in it
	}
}

// awaitUp returns when the daemon first answers.
func (d *daemon) awaitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	for {
		c, _, err := d.connect(ctx)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryDelay):
		}
	}
}

// end asks buildkitd to stop and kills it if it does not. The kernel then kills
// everything in its PID namespace and drops its mounts.
func end(cmd *exec.Cmd, died <-chan error) {
	if cmd.Process.Signal(syscall.SIGTERM) != nil {
		return // gone already
	}
	select {
	case <-died:
	case <-time.After(stopDeadline):
		_ = cmd.Process.Kill()
		<-died
	}
}

func lockSoon(ctx context.Context, lock *flock.Flock) error {
	ctx, cancel := context.WithTimeout(ctx, takeOverDeadline)
	defer cancel()
	_, err := lock.TryLockContext(ctx, retryDelay)
	return err
}
