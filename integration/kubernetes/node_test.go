package kubernetes

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/integration/cluster"
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
	r := l.lab.version(name, append(change, func(target *deployfile.Target) { target.Env = map[string]string{"VERSION": name} })...)
	r.Image = l.image
	return r
}

// push builds the small server and brings it to the registry.
func (l *nodeLab) push() string {
	l.Helper()
	program := filepath.Join(l.TempDir(), "server")
	build := exec.CommandContext(l.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./testdata/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		l.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		l.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, path := range []string{"bin/server", "bin/python"} {
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(data))}); err != nil {
			l.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			l.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		l.Fatal(err)
	}
	content, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		l.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, content)
	if err != nil {
		l.Fatal(err)
	}
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers", DiffIDs: diffIDs(l.T, image)},
		Config: v1.Config{Entrypoint: []string{"/bin/server"}, Env: []string{"PATH=/bin"}, User: "1000:1000"},
	})
	if err != nil {
		l.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		l.Fatal(err)
	}
	reference, err := name.NewDigest(l.node.Registry + "/iris@" + digest.String())
	if err != nil {
		l.Fatal(err)
	}
	if err := remote.Write(reference, image); err != nil {
		l.Fatal(err)
	}
	return reference.String()
}

func diffIDs(t *testing.T, image v1.Image) []v1.Hash {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return config.RootFS.DiffIDs
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

// load sends a request every 20 ms to the Service, each over a connection of
// its own, until it is ended.
type load struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	count   atomic.Int64

	lock    sync.Mutex
	failed  []string
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
	ctx, cancel := context.WithCancel(context.Background())
	out := &load{cancel: cancel, answers: map[string]int{}}
	out.running.Go(func() {
		for ticks := time.NewTicker(20 * time.Millisecond); ctx.Err() == nil; <-ticks.C {
			out.running.Go(func() { out.one(client, address) })
		}
	})
	l.Cleanup(cancel)
	return out
}

func (o *load) one(client *http.Client, address string) {
	o.count.Add(1)
	begin := time.Now()
	answer, err := client.Post(address, "text/plain", bytes.NewReader(nil))
	var body []byte
	if err == nil {
		body, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("status %d", answer.StatusCode)
		}
	}
	o.lock.Lock()
	defer o.lock.Unlock()
	if err != nil {
		o.failed = append(o.failed, begin.Format(time.TimeOnly)+" "+err.Error())
		return
	}
	o.answers[string(body)]++
}

// end returns how many requests failed, and what was answered.
func (o *load) end() ([]string, map[string]int) {
	o.cancel()
	o.running.Wait()
	return o.failed, o.answers
}
