package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// process is a daemon that this program started. It runs until stop is called.
type process struct {
	command *exec.Cmd
	name    string
	log     string
	exited  chan struct{}
}

// startProcess starts a daemon that logs to dir, and waits until it is ready.
func startProcess(ctx context.Context, dir string, env []string, ready func() bool, name string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.command = exec.Command(name, args...)
	p.command.Env = append(os.Environ(), env...)
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("%w: run make tools, and put bin/ on PATH", err)
	}
	go func() {
		_ = p.command.Wait()
		close(p.exited)
	}()
	if err := p.wait(ctx, ready); err != nil {
		p.stop()
		words, _ := os.ReadFile(p.log)
		return nil, fmt.Errorf("%w\n%s", err, words)
	}
	return p, nil
}

func (p *process) wait(ctx context.Context, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for !ready() {
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended at once", p.name)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", p.name, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// stop stops the daemon, and kills it after half a minute.
func (p *process) stop() {
	_ = p.command.Process.Signal(os.Interrupt)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.command.Process.Kill()
		<-p.exited
	}
}
