//go:build linux

package cluster

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/client-go/tools/clientcmd/api"
)

// startLimit is how long a part of a cluster may take until it answers, on a
// machine where other tests run.
const startLimit = 2 * time.Minute

// control is a control plane: etcd, the API server, the controllers and the
// scheduler.
type control struct {
	// dir holds its files and is removed by the cleaner, address is where it
	// listens.
	dir, address string
	cleaner      *cleaner
	// ports of etcd's clients and peers and of the API server.
	etcdPort, peerPort, port int
	// token is the administrator's.
	token string
	// command makes a child of a program on PATH.
	command func(name string, args ...string) *exec.Cmd
	// dial connects to address, nil for the usual way.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// serverFlags and controllerFlags are added to what all clusters have.
	serverFlags, controllerFlags []string

	// children are those that the cluster cannot do without, by name.
	children map[string]*process
	config   *rest.Config
}

// start starts everything and waits until it is ready.
func (c *control) start() error {
	if err := c.secrets(); err != nil {
		return err
	}
	if err := c.run("etcd",
		"--data-dir", c.path("etcd"),
		"--client-url", fmt.Sprintf("http://127.0.0.1:%d", c.etcdPort),
		"--peer-url", fmt.Sprintf("http://127.0.0.1:%d", c.peerPort)); err != nil {
		return err
	}
	if err := c.startServer(); err != nil {
		return err
	}
	client := []string{
		"--kubeconfig", c.kubeconfig(), "--authentication-kubeconfig", c.kubeconfig(), "--authorization-kubeconfig", c.kubeconfig(),
		// Else it looks for the API server's extension certificates for long.
		"--authentication-skip-lookup=true",
		"--leader-elect=false", "--secure-port=0",
	}
	if err := c.run("kube-scheduler", client...); err != nil {
		return err
	}
	return c.run("kube-controller-manager", append(append(client,
		"--service-account-private-key-file", c.path("service-account.key"),
		"--root-ca-file", c.path("apiserver.crt")),
		c.controllerFlags...)...)
}

// startServer starts the API server, writes the administrator's kubeconfig
// and waits until the server is ready.
func (c *control) startServer() error {
	if err := c.run("kube-apiserver", append([]string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.etcdPort),
		// It makes a certificate of its own, apiserver.crt, in this directory.
		"--cert-dir", c.dir,
		"--bind-address", c.address, "--advertise-address", c.address, "--secure-port", fmt.Sprint(c.port),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--token-auth-file", c.path("tokens.csv"),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file", c.path("service-account.key"),
		"--service-account-key-file", c.path("service-account.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--allow-privileged=true", "--profiling=false",
	}, c.serverFlags...)...); err != nil {
		return err
	}
	if err := c.wait("its certificate", func(context.Context) error {
		_, err := os.Stat(c.path("apiserver.key"))
		return err
	}); err != nil {
		return err
	}
	if err := c.writeKubeconfig(c.kubeconfig(), c.token, ""); err != nil {
		return err
	}
	var err error
	if c.config, err = c.restConfig(c.kubeconfig()); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return err
	}
	return c.wait("the API server", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// secrets makes the key that signs service accounts' tokens, and the token of
// the administrator.
func (c *control) secrets() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(c.path("service-account.key"), block, 0o600); err != nil {
		return err
	}
	c.token = rand.Text()
	return os.WriteFile(c.path("tokens.csv"), fmt.Appendf(nil, "%s,admin,admin,\"system:masters\"\n", c.token), 0o600)
}

// writeKubeconfig writes how a user reaches the API server; namespace may be "".
func (c *control) writeKubeconfig(file, token, namespace string) error {
	ca, err := os.ReadFile(c.path("apiserver.crt"))
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(api.Config{
		Clusters: map[string]*api.Cluster{"test": {
			Server:                   "https://" + net.JoinHostPort(c.address, fmt.Sprint(c.port)),
			CertificateAuthorityData: ca,
		}},
		AuthInfos:      map[string]*api.AuthInfo{"test": {Token: token}},
		Contexts:       map[string]*api.Context{"test": {Cluster: "test", AuthInfo: "test", Namespace: namespace}},
		CurrentContext: "test",
	}, file)
}

// restConfig returns the configuration of a client that reaches the API server from
// this process.
func (c *control) restConfig(kubeconfig string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.Dial = c.dial
	config.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	// Of kinds that Objects lists and that are deprecated.
	config.WarningHandler = rest.NoWarnings{}
	config.QPS, config.Burst = 500, 500
	return config, nil
}

// run starts one of the programs of Kubernetes.
func (c *control) run(program string, args ...string) error {
	p, err := start(c.command("kubernetes", append([]string{program}, args...)...), filepath.Join(c.dir, "log", program))
	if err != nil {
		return err
	}
	c.children[program] = p
	return nil
}

// wait tries until it succeeds, startLimit is over or a child ends.
func (c *control) wait(what string, try func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		for _, p := range c.children {
			if err := p.check(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %v: %w (logs in %s)", what, startLimit, err, c.path("log"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends all children and removes the files.
func (c *control) stop() {
	for _, p := range c.children {
		p.kill()
	}
	c.cleaner.stop()
}

func (c *control) path(name string) string { return filepath.Join(c.dir, name) }

func (c *control) kubeconfig() string { return c.path("kubeconfig") }
