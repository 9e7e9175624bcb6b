//go:build integration

package cluster

import (
	"fmt"
	"os"
	"testing"
)

// clusters are shared by the tests of this package.
var clusters Shared

// childVariable in the environment makes the test program the child of
// TestKilled.
const childVariable = "DEPLOYFILE_TEST_CHILD"

// TestMain also proves that nothing of the clusters is left.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		waitToBeKilled()
	}
	code := m.Run()
	var paths []string
	if f := clusters.fast; f != nil {
		paths = append(paths, tracesOf(f.Cluster)...)
	}
	if n := clusters.node; n != nil {
		paths = append(paths, n.traces()...)
	}
	clusters.Close()
	for _, path := range remaining(paths) {
		fmt.Fprintln(os.Stderr, path, "is left")
		code = 1
	}
	os.Exit(code)
}

// traces returns the paths that exist as long as the node does, those of its
// processes included.
func (n *NodeCluster) traces() []string {
	paths := append(tracesOf(n.Cluster), n.groups.dirs()...)
	return append(paths, fmt.Sprintf("/proc/%d", n.sandbox.first.command.Process.Pid), fmt.Sprintf("/proc/%d", n.outside.command.Process.Pid))
}

func tracesOf(c *Cluster) []string {
	paths := []string{c.control.dir}
	for _, p := range c.control.children {
		paths = append(paths, fmt.Sprintf("/proc/%d", p.command.Process.Pid))
	}
	return paths
}

// remaining returns the paths that exist.
func remaining(paths []string) []string {
	var left []string
	for _, path := range paths {
		if _, err := os.Lstat(path); err == nil {
			left = append(left, path)
		}
	}
	return left
}
