package builder

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// EmbeddedStatus returns the status of o's embedded daemon without starting it.
func EmbeddedStatus(ctx context.Context, o Options) (Status, error) {
	d, err := locateDaemon(o)
	if err != nil {
		return Status{}, err
	}
	status := Status{StateDir: d.dir, LogFile: d.logFile(), Address: "unix://" + d.socket}
	if _, err := os.Stat(d.superviseLock()); err != nil {
		return status, nil
	}
	if status.Running, err = d.supervised(); err != nil || !status.Running {
		return status, err
	}
	status.PID = d.supervisorPID()
	// If /tmp was cleaned up, another user may own the path now.
	if err := privateDir(filepath.Dir(d.socket)); err != nil {
		return status, err
	}
	c, workers, err := d.connect(ctx)
	if err != nil {
		return status, fmt.Errorf("the embedded builder at %s does not answer: %w", d.socket, err)
	}
	b := &Builder{Client: c, Address: status.Address, workers: workers}
	defer c.Close()
	status.Version = b.Version()
	status.DiskUsed, err = b.DiskUsed(ctx)
	return status, err
}

// StopEmbedded stops o's embedded daemon, and the builds on it, and returns
// when it is gone. It reports whether a daemon was running.
func StopEmbedded(ctx context.Context, o Options) (bool, error) {
	d, err := locateDaemon(o)
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(d.superviseLock()); err != nil {
		return false, nil
	}
	running, err := d.supervised()
	if err != nil || !running {
		return false, err
	}
	pid := d.supervisorPID()
	// A supervisor that just started may not have replaced its predecessor's
	// process id, which may belong to another process by now.
	if !d.supervisedBy(pid) {
		return false, fmt.Errorf("stop the embedded builder: process %d in %s is not its supervisor: try again", pid, d.superviseLock())
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return false, fmt.Errorf("stop the embedded builder, process %d: %w", pid, err)
	}
	for {
		if !d.supervisedBy(pid) {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return true, fmt.Errorf("the embedded builder, process %d, still stops: %w", pid, context.Cause(ctx))
		case <-time.After(retryDelay):
		}
	}
}

// supervisedBy reports whether the process is running and is a supervisor of d.
func (d *daemon) supervisedBy(pid int) bool {
	// The file is empty once the process has exited, even before it is reaped.
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(command, []byte(d.dir))
}
