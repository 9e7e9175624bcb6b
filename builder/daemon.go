package builder

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// daemon is the place of an embedded daemon: the files of its folder, by which
// commands and supervisor find each other.
type daemon struct {
	dir    string // the state folder
	socket string // where buildkitd listens
	pid    int    // the supervisor's when the builder was found
}

// The files. Locks are advisory and last as long as the process that took
// them, so that a killed process leaves none behind.
func (d *daemon) config() string  { return filepath.Join(d.dir, "buildkitd.toml") }
func (d *daemon) logFile() string { return filepath.Join(d.dir, "buildkitd.log") }
func (d *daemon) oldLog() string  { return filepath.Join(d.dir, "buildkitd.log.1") }
func (d *daemon) root() string    { return filepath.Join(d.dir, "root") }

// temporary is buildkitd's TMPDIR. It lasts as long as one supervisor: BuildKit
// leaves an empty directory there for each single file that it mounts in a step.
func (d *daemon) temporary() string { return filepath.Join(d.dir, "tmp") }

// runtime is what buildkitd takes for runc, program what it calls: the
// supervisor's own program, which is there for buildkitd and its children alone.
func (d *daemon) runtime() string { return filepath.Join(d.dir, "runc") }
func (d *daemon) program() string { return filepath.Join(d.dir, "supervisor") }

// networkSocket is where the supervisor has the networks of steps.
func (d *daemon) networkSocket() string { return d.socket + ".net" }

// startLock is held by the command that starts the daemon.
func (d *daemon) startLock() string { return filepath.Join(d.dir, "start.lock") }

// leaseLock is held shared by each client, and exclusively by a supervisor
// that found no client and stops.
func (d *daemon) leaseLock() string { return filepath.Join(d.dir, "lease.lock") }

// superviseLock is held by the supervisor as long as it lives; the file's text
// is its process id.
func (d *daemon) superviseLock() string { return filepath.Join(d.dir, "supervise.lock") }

// supervisorPID reads who holds, or last held, the supervisor's lock; 0 if
// nobody ever did.
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

// replaced reports whether another daemon has taken the place of the one that
// was found.
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
	// A frontend that looks for a file that is not there is no news.
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, "LLBBridge/StatFile returned error") || strings.Contains(line, "LLBBridge/ReadFile returned error")
	})
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return strings.Join(lines, "\n")
}
