//go:build linux

package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// process is a child that lives no longer than this process.
type process struct {
	command *exec.Cmd
	// log is the file of what it prints.
	log    string
	exited <-chan struct{}
}

// start starts a child whose output is appended to the file log.
func start(command *exec.Cmd, log string) (*process, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	command.Stdout, command.Stderr = out, out
	p := &process{command: command, log: log}
	p.exited, err = lab.StartBound(command)
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%w: run make kubernetes, and put bin/ on PATH", err)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// kill ends the child at once.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.exited
}

// check is an error if the child has ended.
func (p *process) check() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s ended: %s; the end of its log:\n%s", filepath.Base(p.log), p.command.ProcessState, lastLines(p.log))
	default:
		return nil
	}
}

// lastLines returns the end of a file, where a failure is.
func lastLines(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "")
}

// stop keeps the child from running until the returned function is called.
func (p *process) stop() (resume func() error, err error) {
	return func() error { return p.command.Process.Signal(syscall.SIGCONT) }, p.command.Process.Signal(syscall.SIGSTOP)
}
