//go:build integration

package docs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// reader is somebody who copies what a page says into a shell.
type reader struct {
	// dir is the folder that the page begins in; it has a model.
	dir string
	// bin has a deployfile that gives builds the base images of the tests.
	bin string
	// names stand for the hosts of the page.
	names *strings.Replacer
	// command makes a command in the network where the target is.
	command func(ctx context.Context, name string, args ...string) *exec.Cmd
	env     []string
}

// newReader is a reader whose commands run in the network of command.
func newReader(t *testing.T, command func(ctx context.Context, name string, args ...string) *exec.Cmd, env ...string) *reader {
	t.Helper()
	program, err := exec.LookPath("deployfile")
	if err != nil {
		t.Fatalf("%v: run make build, and put bin/ on PATH", err)
	}
	if program, err = filepath.Abs(program); err != nil {
		t.Fatal(err)
	}
	return readerWith(t, program, command, env...)
}

func readerWith(t *testing.T, program string, command func(ctx context.Context, name string, args ...string) *exec.Cmd, env ...string) *reader {
	t.Helper()
	// Deployfiles are called after the folder.
	r := &reader{dir: filepath.Join(t.TempDir(), "iris"), bin: t.TempDir(), command: command, names: strings.NewReplacer(), env: env}
	if err := os.CopyFS(filepath.Join(r.dir, "model"), os.DirFS("../../examples/iris/model")); err != nil {
		t.Fatal(err)
	}
	flags := ""
	for name, value := range shared.Contexts() {
		flags += fmt.Sprintf(" --build-context '%s=%s'", name, value)
	}
	wrapper := fmt.Sprintf(`#!/bin/sh
verb=$1
case "$verb $*" in
lock* | build* | run* | predict* | deploy* | render* | "diff "*--target*) shift; exec %[1]q "$verb" %[2]s "$@" ;;
esac
exec %[1]q "$@"
`, program, flags)
	if err := os.WriteFile(filepath.Join(r.bin, "deployfile"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	return r
}

// here makes a command on this machine's own network.
func here(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...)
}

const (
	blockLimit = 10 * time.Minute
	shell      = "set -e -o pipefail\n"
)

// read runs the blocks of shell of a page. One that asks for a prediction must
// get one.
func (r *reader) read(t *testing.T, page string, all []block) {
	t.Helper()
	scripts := in("sh", all)
	if len(scripts) == 0 {
		t.Fatalf("%s has nothing to run", page)
	}
	for _, b := range scripts {
		start := time.Now()
		out, log, err := r.run(t, b)
		if err != nil {
			t.Fatalf("%s:%d: %v\n%s\n%s%s", page, b.line, err, b.text, out, lab.Tail(log))
		}
		asks := strings.Contains(b.text, "deployfile predict") && !strings.Contains(b.text, "--batch") || strings.Contains(b.text, "/invocations")
		if asks && !strings.Contains(out, `"predictions"`) {
			t.Errorf("%s:%d: no prediction:\n%s", page, b.line, out)
		}
		t.Logf("%s:%d: %s", page, b.line, time.Since(start).Round(time.Second))
	}
}

// shell returns a command that runs a text in the reader's shell.
func (r *reader) shell(ctx context.Context, text string) *exec.Cmd {
	c := r.command(ctx, "bash", "-c", shell+r.names.Replace(text))
	c.Dir = r.dir
	if c.Env == nil {
		c.Env = os.Environ()
	}
	c.Env = slices.DeleteFunc(c.Env, func(v string) bool { return strings.HasPrefix(v, "PATH=") || strings.HasPrefix(v, "DOCKER_") })
	c.Env = append(append(c.Env, "PATH="+r.bin+":"+os.Getenv("PATH"), "BUILDKIT_HOST="+shared.builder), r.env...)
	return c
}

// run runs a block, and checks that it ends as its directive says.
func (r *reader) run(t *testing.T, b block) (out, log string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), blockLimit)
	defer cancel()
	c := r.shell(ctx, b.text)
	var stdout, stderr strings.Builder
	c.Stderr = &stderr
	if b.directive == "interrupt" {
		err = interrupt(c, &stdout)
	} else {
		c.Stdout = &stdout
		err = c.Run()
	}
	want := 0
	if b.directive != "" && b.directive != "interrupt" {
		if _, err := fmt.Sscanf(b.directive, "exit %d", &want); err != nil {
			t.Fatalf("line %d: what is %q?", b.line, b.directive)
		}
	}
	var ended *exec.ExitError
	switch {
	case err == nil && want != 0:
		err = fmt.Errorf("it ended with 0, not %d", want)
	case errors.As(err, &ended) && ended.ExitCode() == want:
		err = nil
	}
	return stdout.String(), stderr.String(), err
}

// interrupt does to a command what Ctrl-C does, once it has printed a line.
func interrupt(c *exec.Cmd, out io.Writer) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	printed, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	lines := bufio.NewReader(printed)
	first, err := lines.ReadString('\n')
	_, _ = io.WriteString(out, first)
	if err == nil {
		err = syscall.Kill(-c.Process.Pid, syscall.SIGINT)
	}
	_, _ = io.Copy(out, lines)
	return errors.Join(err, c.Wait())
}
