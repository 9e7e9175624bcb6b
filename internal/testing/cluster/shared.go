//go:build linux

package cluster

import (
	"os"
	"sync"
	"testing"
)

// Shared starts each kind of cluster when the first test asks for it. A test
// package has one, and ends it when its tests are done:
//
//	var clusters cluster.Shared
//
//	func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }
type Shared struct {
	mutex sync.Mutex
	fast  *FastCluster
	node  *NodeCluster
}

// Run runs the tests, ends the clusters and returns the exit code.
func (s *Shared) Run(m *testing.M) int {
	defer s.Close()
	return m.Run()
}

// Fast returns the control plane, and starts it the first time.
func (s *Shared) Fast(t testing.TB) *FastCluster {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.fast == nil {
		c, err := again(startFast)
		if err != nil {
			t.Fatal(err)
		}
		s.fast = c
	}
	return s.fast
}

// Node returns the node, and starts it the first time.
func (s *Shared) Node(t testing.TB) *NodeCluster {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.node == nil {
		if os.Getuid() != 0 {
			t.Skip("a Kubernetes node needs root")
		}
		c, err := again(startNode)
		if err != nil {
			t.Fatal(err)
		}
		s.node = c
	}
	return s.node
}

// Close ends the clusters that were started.
func (s *Shared) Close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.fast != nil {
		s.fast.stop()
	}
	if s.node != nil {
		s.node.stop()
	}
	s.fast, s.node = nil, nil
}
