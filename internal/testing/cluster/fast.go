//go:build linux

package cluster

import (
	"os"
	"os/exec"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// FastCluster is a control plane on the loopback, whose one node runs nothing:
// its pods get the status that Steer, the environment variable FateVariable of
// one of their containers or nothing of that says, in this order. Pods without
// any are ready at once, those of Jobs complete. There is neither a network
// nor an image, and any image reference will do.
type FastCluster struct {
	*Cluster
	kubelet *kubelet
}

// startFast starts the control plane and the kubelet.
func startFast() (_ *FastCluster, err error) {
	dir, err := os.MkdirTemp("", "deployfile-fast-")
	if err != nil {
		return nil, err
	}
	cleaner, err := startCleaner(dir)
	if err != nil {
		return nil, err
	}
	c := &control{
		dir: dir, cleaner: cleaner, address: "127.0.0.1", command: exec.Command, children: map[string]*process{},
		// There is no endpoint of the API server within the cluster, and the
		// node is always there without saying so.
		serverFlags:     []string{"--endpoint-reconciler-type=none", "--disable-admission-plugins=TaintNodesByCondition"},
		controllerFlags: []string{"--controllers=*,-node-ipam-controller,-node-lifecycle-controller"},
	}
	f := &FastCluster{}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	for _, port := range []*int{&c.etcdPort, &c.peerPort, &c.port} {
		if *port, err = freePort(); err != nil {
			return nil, err
		}
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	if f.Cluster, err = newCluster(c); err != nil {
		return nil, err
	}
	if f.kubelet, err = startKubelet(f.Client); err != nil {
		return nil, err
	}
	return f, nil
}

// Steer says what becomes of the namespace's pods, those that run included,
// until the test ends or steers again. A fate of "" leaves the pod to the rest
// of the rules. The function is called from other goroutines.
func (f *FastCluster) Steer(t testing.TB, namespace string, fate func(pod *corev1.Pod) Fate) {
	t.Helper()
	f.kubelet.steer(namespace, fate)
	t.Cleanup(func() { f.kubelet.steer(namespace, nil) })
}

func (f *FastCluster) stop() {
	f.kubelet.stop()
	f.control.stop()
}
