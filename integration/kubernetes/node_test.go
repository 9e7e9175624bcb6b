//go:build integration

package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	tools "github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

// nodeLab is a namespace of a whole cluster, whose pods run.
type nodeLab struct {
	*lab
	node *cluster.NodeCluster
	// image is what runs, kubeconfig one that leads to the API server from
	// outside.
	image, kubeconfig string
}

func newNodeLab(t *testing.T) *nodeLab {
	t.Helper()
	n := clusters.Node(t)
	l := &nodeLab{lab: &lab{T: t, cluster: &cluster.FastCluster{Cluster: n.Cluster}, namespace: n.Namespace(t)}, node: n}
	l.image = l.push()
	l.kubeconfig = l.relay()
	return l
}

func (l *nodeLab) connect() *kubernetes.Publisher {
	l.Helper()
	return l.lab.connect(l.kubeconfig, l.target())
}

// version is a release of the small server.
func (l *nodeLab) version(name string, change ...func(*deployfile.Target)) manifests.Release {
	r := l.lab.version(name, append(change, func(target *deployfile.Target) { pod(target).Env = map[string]string{"VERSION": name} })...)
	// Nobody built it from a lock, and it has no Python for the hook that drains.
	r.Image, r.LockDigest = l.image, ""
	return r
}

// push builds the small server and brings it to the registry.
func (l *nodeLab) push() string {
	l.Helper()
	program, err := tools.Compile("./testdata/server")
	if err != nil {
		l.Fatal(err)
	}
	image, err := tools.Image(v1.Config{
		Entrypoint: []string{"/bin/server"}, Env: []string{"PATH=/bin"}, User: "1000:1000",
	}, map[string][]byte{"bin/server": program, "bin/python": program})
	if err != nil {
		l.Fatal(err)
	}
	reference, err := tools.Push(l.node.Registry+"/iris", image)
	if err != nil {
		l.Fatal(err)
	}
	return reference
}

// relay forwards a port of this machine to the API server, which only the
// node's network has, and returns a kubeconfig for it.
func (l *nodeLab) relay() string {
	l.Helper()
	config, err := clientcmd.LoadFromFile(l.node.Kubeconfig)
	if err != nil {
		l.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = listener.Close() })
	for _, c := range config.Clusters {
		server, err := url.Parse(c.Server)
		if err != nil {
			l.Fatal(err)
		}
		c.TLSServerName = server.Hostname()
		c.Server = "https://" + listener.Addr().String()
		go func() {
			for {
				here, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer func() { _ = here.Close() }()
					there, err := l.node.Dial(context.Background(), "tcp", server.Host)
					if err != nil {
						return
					}
					defer func() { _ = there.Close() }()
					go func() {
						_, _ = io.Copy(there, here)
						_ = there.Close()
					}()
					_, _ = io.Copy(here, there)
				}()
			}
		}()
	}
	file := filepath.Join(l.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		l.Fatal(err)
	}
	return file
}

// load is a request to the Service every 20 ms, each over a connection of its
// own.
type load struct {
	*tools.Load

	lock    sync.Mutex
	answers map[string]int
}

func (l *nodeLab) load(service string) *load {
	l.Helper()
	s, err := l.cluster.Client.CoreV1().Services(l.namespace).Get(l.Context(), service, metav1.GetOptions{})
	if err != nil {
		l.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: l.node.Dial, DisableKeepAlives: true}, Timeout: 10 * time.Second}
	address := fmt.Sprintf("http://%s:%d/invocations", s.Spec.ClusterIP, s.Spec.Ports[0].Port)
	out := &load{answers: map[string]int{}}
	request := func() error { return out.request(client, address) }
	// The cluster's proxy learns of a new Service in its own time.
	l.eventually(func() string {
		if err := request(); err != nil {
			return err.Error()
		}
		return ""
	})
	out.Load = tools.StartLoad(l.Context(), request)
	return out
}

func (o *load) request(client *http.Client, address string) error {
	answer, err := client.Post(address, "text/plain", bytes.NewReader(nil))
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, body)
	}
	o.lock.Lock()
	defer o.lock.Unlock()
	o.answers[string(body)]++
	return nil
}
