package modelstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// git runs the user's git in a directory, with the user's credentials and configuration.
type git struct{ dir string }

func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir = g.dir
	c.Cancel = func() error {
		if c.Process.Signal(syscall.SIGTERM) == nil {
			return nil
		}
		return c.Process.Kill() // Windows has no other signal
	}
	c.WaitDelay = gitGrace
	c.Env = append(slices.DeleteFunc(os.Environ(), ofRepository),
		// Nobody may be there to answer, and no other protocol starts a program.
		"GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=https:http:ssh", "GIT_DIR="+g.dir, "LC_ALL=C")
	return c
}

// gitGrace is how long git, and a helper of it that still holds its output, may take to end.
const gitGrace = time.Second

// ofRepository reports whether a variable tells git of a repository: deployfile may run in
// a hook of another one, where git would put what it fetches.
func ofRepository(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return slices.Contains([]string{
		"GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_QUARANTINE_PATH", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_CONFIG",
	}, name)
}

// run returns what a command of git prints.
func (g git) run(ctx context.Context, args ...string) ([]byte, error) {
	return g.ask(ctx, "", args...)
}

// ask gives a command an input.
func (g git) ask(ctx context.Context, input string, args ...string) ([]byte, error) {
	c := g.command(ctx, args...)
	var out, said bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(input), &limited{&out, maxTree}, &limited{&said, maxAnswer}
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("git is not installed, which fetches a model from a repository when a lock is made")
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, errors.New(quotedReason(strings.TrimPrefix(said.String(), "fatal: ")) + gitAdvice(said.String()))
	}
	return out.Bytes(), nil
}

// gitAdvice says what to do about an error of git.
func gitAdvice(said string) string {
	switch {
	case strings.Contains(said, "terminal prompts disabled"), strings.Contains(said, "Authentication failed"):
		return "; give git a credential for it: a credential helper, or ~/.netrc"
	case strings.Contains(said, "couldn't find remote ref"):
		return "; name a branch, a tag, or all digits of a commit"
	}
	return ""
}

// limited is a buffer of a limited size.
type limited struct {
	*bytes.Buffer
	left int
}

// Write implements io.Writer.
func (l *limited) Write(data []byte) (int, error) {
	if l.left -= len(data); l.left < 0 {
		return 0, fmt.Errorf("git prints more than is read")
	}
	return l.Buffer.Write(data)
}
