package lab

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a process of the tests' own.
type Process struct {
	command *exec.Cmd
	log     string
	exited  <-chan struct{}
}

// startLimit is how long a program may take until it is ready.
const startLimit = time.Minute

// Start starts a program whose output goes to the file log, and waits until it is
// ready.
func Start(log string, ready func() bool, name string, args ...string) (*Process, error) {
	return StartCommand(log, ready, exec.Command(name, args...))
}

// StartCommand does the same with a command that is made already.
func StartCommand(log string, ready func() bool, command *exec.Cmd) (*Process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &Process{command: command, log: log}
	p.command.Stdout, p.command.Stderr = out, out
	if p.exited, err = StartBound(p.command); err != nil {
		return nil, fmt.Errorf("%w: run make tools tools-buildx tools-versitygw tools-fake-gcs-server tools-azurite, and put bin/ on PATH", err)
	}
	for deadline := time.Now().Add(startLimit); time.Now().Before(deadline); {
		if ready() {
			return p, nil
		}
		select {
		case <-p.exited:
			return nil, p.failure("ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
	p.Stop()
	return nil, p.failure("is not ready in time")
}

// Answers returns what reports whether a server answers with 200 at a URL, for Start.
func Answers(client *http.Client, url string) func() bool {
	return func() bool {
		answer, err := client.Get(url)
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}
}

// StartBound starts a program that lives no longer than this process, and returns
// a channel that is closed when it has ended.
func StartBound(command *exec.Cmd) (exited <-chan struct{}, err error) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	endWithParent(command.SysProcAttr)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The kernel sends the death signal when the thread that started the
		// program ends, so that one must not serve other goroutines.
		runtime.LockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
			close(ended)
		}
	}()
	return ended, <-started
}

func (p *Process) failure(what string) error {
	log, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s %s\n%s", p.command.Path, what, log)
}

// Stop asks the process to end, and then sees to it.
func (p *Process) Stop() {
	_ = p.command.Process.Signal(os.Interrupt)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.command.Process.Kill()
		<-p.exited
	}
}
