// Package containerd publishes to the containerd of this machine. A release is one
// container in a namespace of containerd, which also stores the revisions: the
// container of revision N is ENDPOINT-rN, with the revision in an extension of its
// record. Containers of earlier revisions are kept, stopped, so that a rollback needs
// no registry. containerd's restart monitor restarts a server that has exited.
//
// Only one container can be named ENDPOINT-rN, which keeps two rollouts apart. If both
// containers need the same port of the machine, a trial container with the same
// settings first has to become ready at another port. Then the old server is stopped
// and the new one started; if that fails, the old one is started again. On a CNI
// network the new container runs beside the old one until it is given the port, so that
// no request is lost.
//
// This requires access to containerd's socket, and root for a CNI network.
package containerd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"time"

	imagesapi "github.com/containerd/containerd/api/services/images/v1"
	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/defaults"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/log"
	"github.com/deployfile/deployfile/deployfile"
	containerdkind "github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/sirupsen/logrus"
	"google.golang.org/grpc"
)

const (
	connectLimit = 10 * time.Second
	// defaultNamespace is deployfile's own.
	defaultNamespace = "deployfile"
	// defaultState is the directory of the logs, on the machine that runs the
	// containers.
	defaultState = "/var/lib/deployfile"
)

// Options say which endpoint is published to.
type Options struct {
	// Target is the target, with its endpoint's name.
	Target deployfile.Target
	// Address is containerd's socket. The default is CONTAINERD_ADDRESS, which
	// containerd's own tools read, or else its usual path.
	Address string
	// State is the directory that the servers' logs are written to, /var/lib/deployfile
	// by default.
	State string
}

// Publisher is an endpoint at a containerd.
type Publisher struct {
	*publish.Engine
	host *host
}

var (
	_ publish.Publisher = (*Publisher)(nil)
	_ publish.Logger    = (*Publisher)(nil)
	_ publish.Opener    = (*Publisher)(nil)
	_ publish.Importer  = (*Publisher)(nil)
)

// Open connects to containerd.
func Open(ctx context.Context, o Options) (*Publisher, error) {
	if o.Target.Endpoint == "" {
		return nil, errors.New("the target has no endpoint")
	}
	keys, err := deployfile.Of[*containerdkind.Spec](o.Target)
	if err != nil {
		return nil, err
	}
	address := strings.TrimPrefix(cmp.Or(o.Address, os.Getenv("CONTAINERD_ADDRESS"), defaults.DefaultAddress), "unix://")
	fail := func(err error) (*Publisher, error) {
		return nil, fmt.Errorf("no containerd at %s: %w: start it, or set CONTAINERD_ADDRESS to its socket; it takes the rights of root", address, err)
	}
	if err := reachable(ctx, address); err != nil {
		return fail(err)
	}
	known := &settledImages{}
	c, err := client.New(address, client.WithServices(client.WithImageStore(known)),
		client.WithDefaultNamespace(cmp.Or(keys.Namespace, defaultNamespace)), client.WithTimeout(connectLimit))
	if err != nil {
		return fail(err)
	}
	conn, ok := c.Conn().(grpc.ClientConnInterface)
	if !ok {
		return fail(errors.Join(fmt.Errorf("a connection of type %T is unknown", c.Conn()), c.Close()))
	}
	known.Store = client.NewImageStoreFromClient(imagesapi.NewImagesClient(conn))
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	if _, err := c.Version(ctx); err != nil {
		return fail(errors.Join(err, c.Close()))
	}
	h := &host{endpoint: o.Target.Endpoint, client: c, state: cmp.Or(o.State, defaultState), network: newNetwork()}
	return &Publisher{
		Engine: publish.NewEngine(h.endpoint, store{h}, containers.NewDriver(h.endpoint, h, containers.NewProbe(nil))),
		host:   h,
	}, nil
}

// reachable diagnoses a socket at once, because the client would retry silently.
func reachable(ctx context.Context, address string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", address)
	if err != nil {
		return err
	}
	return c.Close()
}

// in returns ctx with the namespace, for those of the client's calls that look for it,
// and with the client's own logging discarded.
func (h *host) in(ctx context.Context) context.Context {
	silent := logrus.New()
	silent.SetOutput(io.Discard)
	return namespaces.WithNamespace(log.WithLogger(ctx, logrus.NewEntry(silent)), h.client.DefaultNamespace())
}
