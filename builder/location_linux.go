package builder

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The longest path in a socket address, without the terminating zero: sun_path
// in unix(7).
const maxSocketPath = 107

// locateDaemon returns the location of o's embedded daemon. It changes nothing.
func locateDaemon(o Options) (*daemon, error) {
	dir := o.StateDir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no cache directory for the embedded builder: %w: set HOME or XDG_CACHE_HOME", err)
		}
		dir = filepath.Join(cache, "deployfile", "buildkit")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("the embedded builder's directory: %w", err)
	}
	d := &daemon{dir: dir, socket: filepath.Join(dir, "buildkitd.sock")}
	if len(d.traceSocket()) > maxSocketPath {
		// Not os.TempDir: commands with different TMPDIR must find the same daemon.
		name := fmt.Sprintf("%x.sock", sha256.Sum256([]byte(dir)))[48:]
		d.socket = filepath.Join("/tmp", "deployfile-"+strconv.Itoa(os.Geteuid()), name)
	}
	return d, nil
}

// prepare creates the daemon's directories, for its owner only.
func (d *daemon) prepare() error {
	return errors.Join(privateDir(d.dir), privateDir(filepath.Dir(d.socket)))
}

// privateDir creates a directory that only this user may enter, or refuses an
// existing one that admits others: whoever can write to the socket can run
// anything as the daemon's user.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the embedded builder's directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("the embedded builder's directory: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("the embedded builder's directory %s is not a directory: remove it", dir)
	case !ok || int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("the embedded builder's directory %s belongs to another user: remove it", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("the embedded builder's directory %s is open to other users (mode %04o): run chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	return nil
}

// full reports whether the disk of the daemon has next to nothing left. A
// daemon that dies of it cannot write so in its log.
func (d *daemon) full() bool {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &disk); err != nil {
		return false
	}
	return disk.Bavail*uint64(disk.Bsize) < 64<<10
}
