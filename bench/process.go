package main

import (
	"os"
	"os/exec"
	"path/filepath"

	testlab "github.com/deployfile/deployfile/internal/testing/lab"
)

// startProcess starts a daemon that logs to dir and ends with this program at the
// latest, and waits until it is ready.
func startProcess(dir string, env []string, ready func() bool, name string, args ...string) (*testlab.Process, error) {
	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), env...)
	return testlab.StartCommand(filepath.Join(dir, name+".log"), ready, command)
}
