//go:build integration

package cluster

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestKilled: all of a node ends with the process that started it, even if
// that is killed.
func TestKilled(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(program)
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "ready"; {
		paths = append(paths, lines.Text())
	}
	if got := remaining(paths); len(got) < 10 || len(got) != len(paths) {
		t.Errorf("of the running node there are only %v of %v", got, paths)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	waitFor(t, "the end of the node", func(context.Context) (bool, string) {
		left := remaining(paths)
		return len(left) == 0, strings.Join(left, " ")
	})
}

// waitToBeKilled starts a node, says where it is and does nothing else.
func waitToBeKilled() {
	n, err := startNode()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, path := range append(n.traces(), "ready") {
		fmt.Println(path)
	}
	select {}
}
