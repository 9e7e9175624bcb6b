//go:build integration

package ocimodel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared struct {
	lab.Parts
	// deployfile is the program, builder the address of a BuildKit.
	deployfile, builder string
}

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	if shared.Parts, err = lab.FindParts("./integration/ocimodel"); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	shared.deployfile = filepath.Join(dir, "deployfile")
	if out, err := exec.Command("go", "build", "-o", shared.deployfile, "../../cmd/deployfile").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	shared.builder = d.Address
	return m.Run(), nil
}
