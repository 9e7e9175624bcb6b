//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pauseImage is where the registry has the image that every pod starts with.
const pauseImage = "/deployfile-test/pause:1"

// NodeCluster is a whole cluster of one node, which runs pods. Its network is
// its own: the addresses of the API server, pods and Services mean something
// only there, and 127.0.0.1 is another. Use Command, Dial or HTTP to be there.
type NodeCluster struct {
	*Cluster
	// Registry is the host and port of a registry that needs no credentials.
	// Two programs serve the same data there, one on the host's loopback and
	// one on the node's, so that an image has one name for who builds it, for
	// the cluster and for a command in either network. For what runs in a pod
	// it has another: RegistryForPods.
	Registry string

	sandbox *sandbox
	groups  cgroups
	// outside is the registry on the host's loopback.
	outside *process
}

// Command makes a command that runs in the node's network, and has everything
// else from the host: files, processes and unix sockets.
func (n *NodeCluster) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return n.sandbox.command(ctx, name, args...)
}

// Dial connects to an IP address and port of the node's network.
func (n *NodeCluster) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.sandbox.dial(ctx, network, address)
}

// Listen listens at a free port of the node's address, where pods reach what
// the test's own process serves.
func (n *NodeCluster) Listen(ctx context.Context) (net.Listener, error) {
	return n.sandbox.listen(ctx, "tcp", net.JoinHostPort(address, "0"))
}

// HTTP returns a client for URLs with an IP address of the node's network.
func (n *NodeCluster) HTTP() *http.Client { return n.sandbox.client() }

// StopProxy keeps the node's proxy from following any change of endpoints until the
// returned function is called, as a busy node does.
func (n *NodeCluster) StopProxy() (resume func() error, err error) {
	return n.control.children["kube-proxy"].stop()
}

func startNode() (_ *NodeCluster, err error) {
	dir, err := os.MkdirTemp("", "deployfile-node-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	groups := cgroups(filepath.Base(dir))
	cleaner, err := startCleaner(dir, groups.dirs()...)
	if err != nil {
		return nil, err
	}
	n := &NodeCluster{Registry: fmt.Sprintf("127.0.0.1:%d", port), groups: groups}
	c := &control{
		dir: dir, cleaner: cleaner, address: address, etcdPort: 2379, peerPort: 2380, port: 6443,
		command: func(name string, args ...string) *exec.Cmd {
			return n.sandbox.command(context.Background(), name, args...)
		},
		dial:     n.Dial,
		children: map[string]*process{},
	}
	n.Cluster = &Cluster{control: c}
	defer func() {
		if err != nil {
			n.stop()
		}
	}()
	if n.sandbox, err = startSandbox(dir); err != nil {
		return nil, err
	}
	if err := n.startImages(port); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	cluster, err := newCluster(c)
	if err != nil {
		return nil, err
	}
	n.Cluster = cluster
	if err := n.startPods(); err != nil {
		return nil, err
	}
	if err := n.waitReady(); err != nil {
		return nil, err
	}
	return n, nil
}

// startImages starts the registries and containerd.
func (n *NodeCluster) startImages(port int) (err error) {
	if n.outside, err = startRegistry(exec.Command, n.path(""), "registry-outside", n.Registry); err != nil {
		return err
	}
	inside, err := startRegistry(n.control.command, n.path(""), "registry", fmt.Sprintf(":%d", port))
	if err != nil {
		return err
	}
	n.control.children["registry"] = inside
	for name, client := range map[string]*http.Client{"the registry of the host": http.DefaultClient, "the registry of the node": n.HTTP()} {
		if err := n.control.wait(name, func(ctx context.Context) error { return get(ctx, client, "http://"+n.Registry+"/v2/") }); err != nil {
			return errors.Join(err, n.outside.check())
		}
	}
	program, err := find("pause")
	if err != nil {
		return err
	}
	pause, err := programImage(program, nil)
	if err != nil {
		return err
	}
	if err := push(n.Registry+pauseImage, pause); err != nil {
		return err
	}
	if err := n.writeConfigs(); err != nil {
		return err
	}
	return n.startInside("containerd", "containerd", "--config", n.path("containerd.toml"))
}

// startPods starts what the node needs to run pods and to reach them.
func (n *NodeCluster) startPods() error {
	if err := n.groups.create(); err != nil {
		return err
	}
	if err := n.control.wait("containerd", func(context.Context) error {
		_, err := os.Stat(n.path("containerd.sock"))
		return err
	}); err != nil {
		return err
	}
	if err := n.startInside("kubelet", "kubernetes", "kubelet", "--config", n.path("kubelet.yaml"), "--kubeconfig", n.Kubeconfig,
		"--root-dir", n.path("kubelet"), "--cert-dir", n.path("kubelet-certificates"),
		"--hostname-override", nodeName, "--node-ip", address); err != nil {
		return err
	}
	return n.control.run("kube-proxy", "--kubeconfig", n.Kubeconfig, "--proxy-mode=iptables", "--cluster-cidr", podNet,
		"--hostname-override", nodeName, "--metrics-bind-address=127.0.0.1:10249", "--healthz-bind-address=127.0.0.1:10256",
		// These settings are the host's.
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0")
}

// startInside starts a program that makes mounts and processes of its own.
func (n *NodeCluster) startInside(child, program string, args ...string) error {
	p, err := start(n.sandbox.inside(program, args...), n.path("log/"+child))
	if err != nil {
		return err
	}
	n.control.children[child] = p
	return nil
}

// waitReady waits until pods are scheduled to the node.
func (n *NodeCluster) waitReady() error {
	return n.control.wait("the node", func(ctx context.Context) error {
		node, err := n.Client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if len(node.Spec.Taints) > 0 {
			return fmt.Errorf("it has the taint %s", node.Spec.Taints[0].Key)
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("its condition Ready is not true")
	})
}

// stop ends what was started, whatever that is.
func (n *NodeCluster) stop() {
	if n.outside != nil {
		n.outside.kill()
	}
	if n.sandbox != nil {
		n.sandbox.stop()
	}
	n.control.stop()
}

func (n *NodeCluster) path(name string) string { return n.control.path(name) }

func get(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}
