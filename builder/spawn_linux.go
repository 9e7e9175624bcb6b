package builder

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/deployfile/deployfile/internal/network"
)

// spawn starts a supervisor that outlives this process. The channel receives
// its exit if this process still runs.
func (d *daemon) spawn(o Options) (<-chan error, error) {
	buildkitd, err := checkParts(o)
	if err != nil {
		return nil, err
	}
	command := o.Supervisor
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("start the embedded builder: %w", err)
		}
		command = []string{self, "builder-supervise"}
	}
	log, err := d.newLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()

	args := SuperviseOptions{
		StateDir:    d.dir,
		Buildkitd:   buildkitd,
		DiskLimit:   o.DiskLimit,
		IdleTimeout: o.IdleTimeout,
	}.Args()
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = "/"
	cmd.Env = d.environment(os.Environ())
	// Its own session, so that it ignores Ctrl-C at the terminal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	closeOnExec()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded builder's supervisor: %w", err)
	}
	exited := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		if err == nil {
			err = errors.New("exit status 0")
		}
		exited <- err
	}()
	return exited, nil
}

// closeOnExec keeps inherited files from the daemon, which lives longer:
// otherwise a lock that a shell script holds through a file would stay held.
func closeOnExec() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// environment returns the daemon's environment: what it needs to find programs
// and to reach the network, without the secrets and the temporary directory of
// the command that happens to start it.
func (d *daemon) environment(caller []string) []string {
	env := []string{"HOME=" + d.dir, "TMPDIR=" + d.temporary()}
	for _, e := range caller {
		name, _, _ := strings.Cut(e, "=")
		switch strings.ToUpper(name) {
		case "PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY":
			env = append(env, e)
		}
	}
	return env
}

// newLog starts an empty log and keeps the previous one, which may say why the
// last daemon died.
func (d *daemon) newLog() (*os.File, error) {
	if err := os.Rename(d.logFile(), d.oldLog()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("rotate the log of buildkitd: %w", err)
	}
	log, err := os.OpenFile(d.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of buildkitd: %w", err)
	}
	return log, nil
}

// checkParts reports everything that is missing to start a daemon, and returns
// the path of buildkitd.
func checkParts(o Options) (string, error) {
	var errs []error
	if os.Geteuid() != 0 {
		errs = append(errs, errors.New("it needs root to run containers: run as root, or start a rootless BuildKit and give its address (BUILDKIT_HOST or --builder)"))
	}
	buildkitd, err := findBuildkitd(o.Buildkitd)
	if err != nil {
		errs = append(errs, err)
	}
	if _, err := findRunc(); err != nil {
		errs = append(errs, err)
	}
	if err := network.Available(); err != nil {
		errs = append(errs, err)
	}
	return buildkitd, errors.Join(errs...)
}

func findBuildkitd(given string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("buildkitd not found at %s: %w", given, errors.Unwrap(err))
		}
		return filepath.Abs(path)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "buildkitd")
		if path, err := exec.LookPath(beside); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath("buildkitd")
	if err != nil {
		return "", errors.New("buildkitd not found beside deployfile nor on PATH: start Docker, or install BuildKit and runc")
	}
	return filepath.Abs(path)
}
