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

	testlab "github.com/deployfile/deployfile/internal/testing/lab"
)

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
