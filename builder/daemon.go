package builder

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// daemon is the location of an embedded daemon: the files of its directory,
// through which commands and supervisor find each other.
type daemon struct {
	dir    string // the state directory
	socket string // where buildkitd listens
	pid    int    // the supervisor's when the builder was found
}

// The files. Locks are advisory and end with the process that took them, so
// that a killed process leaves none behind.
func (d *daemon) config() string  { return filepath.Join(d.dir, "buildkitd.toml") }
func (d *daemon) logFile() string { return filepath.Join(d.dir, "buildkitd.log") }
func (d *daemon) oldLog() string  { return filepath.Join(d.dir, "buildkitd.log.1") }
func (d *daemon) root() string    { return filepath.Join(d.dir, "root") }

// temporary is buildkitd's TMPDIR. It lasts as long as one supervisor, which also
// sweeps it between builds: BuildKit leaves an empty directory there for each single
// file that it mounts into a step.
func (d *daemon) temporary() string { return filepath.Join(d.dir, "tmp") }

// runtime is buildkitd's runc script, program the program that it calls: a copy
// of the supervisor's own program, only for buildkitd and its children.
func (d *daemon) runtime() string { return filepath.Join(d.dir, "runc") }
func (d *daemon) program() string { return filepath.Join(d.dir, "supervisor") }

// networkSocket is the supervisor's socket for the networks of steps.
func (d *daemon) networkSocket() string { return d.socket + ".net" }

// startLock is held by the command that starts the daemon.
func (d *daemon) startLock() string { return filepath.Join(d.dir, "start.lock") }

// leaseLock is held shared by each client, and exclusively by a supervisor
// that found no client and stops.
func (d *daemon) leaseLock() string { return filepath.Join(d.dir, "lease.lock") }

// superviseLock is held by the supervisor as long as it lives; the file's text
// is its process id.
func (d *daemon) superviseLock() string { return filepath.Join(d.dir, "supervise.lock") }

// supervisorPID returns the process id of the current or last supervisor; 0 if
// there never was one.
func (d *daemon) supervisorPID() int {
	text, err := os.ReadFile(d.superviseLock())
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// replaced reports whether another daemon has replaced the one that was found.
func (d *daemon) replaced() bool { return d.pid != 0 && d.supervisorPID() != d.pid }

// logTail returns the daemon's log file and its last lines.
func (d *daemon) logTail() (file, tail string) {
	file = d.logFile()
	if d.replaced() {
		file = d.oldLog()
	}
	return file, lastLines(file)
}

const (
	tailLines = 15
	tailBytes = 8 << 10
)

// lastLines returns the end of a text file, or nothing if it cannot be read.
func lastLines(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	if end, err := f.Seek(0, io.SeekEnd); err == nil {
		if _, err := f.Seek(max(0, end-tailBytes), io.SeekStart); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, tailBytes))
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	// Frontends often look for optional files; not finding one is no error.
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, "LLBBridge/StatFile returned error") || strings.Contains(line, "LLBBridge/ReadFile returned error")
	})
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return strings.Join(lines, "\n")
}
