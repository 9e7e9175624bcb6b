package builder

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// startInner starts this program again as the first process of a PID and mount
// namespace, where it becomes buildkitd. So all build steps and their mounts
// end with buildkitd, however it ends, and buildkitd ends with this process.
// The channel receives one value when it has exited.
func startInner() (*exec.Cmd, <-chan error, error) {
	// Not os.Executable: the file may have been replaced since.
	cmd := exec.Command("/proc/self/exe", append(os.Args[1:len(os.Args):len(os.Args)], "--inner")...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	started, died := make(chan error, 1), make(chan error, 1)
	go func() {
		// The parent in prctl(2) PR_SET_PDEATHSIG is a thread, not a process, so this
		// thread must live as long as the child.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			err = cmd.Wait()
			if err == nil {
				err = fmt.Errorf("exit status 0")
			}
			died <- err
		}
	}()
	return cmd, died, <-started
}

// becomeBuildkitd replaces this process by buildkitd.
func becomeBuildkitd(o SuperviseOptions) error {
	d, err := locateDaemon(Options{StateDir: o.StateDir})
	if err != nil {
		return err
	}
	// Mounts made here stay here; the machine's mounts still propagate.
	if err := syscall.Mount("", "/", "", syscall.MS_SLAVE|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("keep the mounts of buildkitd apart: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc for buildkitd: %w", err)
	}
	if err := d.keepProgram(); err != nil {
		return fmt.Errorf("keep this program for buildkitd: %w", err)
	}
	err = syscall.Exec(o.Buildkitd, []string{o.Buildkitd, "--config", d.config()}, os.Environ())
	return fmt.Errorf("run %s: %w", o.Buildkitd, err)
}

// keepProgram links this program to a path for buildkitd's children. By the
// time a step runs, the original file may have been replaced.
func (d *daemon) keepProgram() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := syscall.Mount(self, d.program(), "", syscall.MS_BIND, ""); err != nil {
		return err
	}
	kept, err := os.Stat(d.program())
	if err != nil {
		return err
	}
	// The link itself points into a mount of another namespace.
	running, err := os.Stat("/proc/self/exe")
	if err != nil {
		return err
	}
	if !os.SameFile(kept, running) {
		return fmt.Errorf("%s was replaced meanwhile: run the command again", self)
	}
	return nil
}
