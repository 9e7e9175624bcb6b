// Package kubernetes publishes to Kubernetes clusters, with or without KServe. It uses
// server-side apply, so that fields of other managers are found and left alone. Each
// revision is stored in the endpoint's namespace as a ControllerRevision, which is also
// the lock that keeps two rollouts of one endpoint from running at once.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // for kubeconfigs that use OpenID Connect
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// Options select the endpoint and its cluster.
type Options struct {
	// Target is the [targets.NAME] with kind "kubernetes" or "kserve".
	Target deployfile.Target
	// Warnings receives the API server's warnings, one per line; nil discards them.
	Warnings io.Writer
}

// Publisher is an endpoint in a namespace of a cluster. It is safe for concurrent use.
type Publisher struct {
	*publish.Engine
	*connection
}

var (
	_ publish.Publisher = (*Publisher)(nil)
	_ publish.Logger    = (*Publisher)(nil)
	_ publish.Opener    = (*Publisher)(nil)
	_ publish.Batcher   = (*Publisher)(nil)
)

// Open connects to the cluster that the target names: its context, or else the current
// one, in the kubeconfig of KUBECONFIG or the home directory; inside a cluster without
// a kubeconfig, the service account's. The namespace is the target's, else the
// context's, else "default". Nothing is sent yet, so the context is not used.
func Open(_ context.Context, o Options) (*Publisher, error) {
	if o.Target.Endpoint == "" {
		return nil, errors.New("the target has no endpoint")
	}
	keys, err := cluster.Keys(o.Target)
	if err != nil {
		return nil, err
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: keys.Context}
	overrides.Context.Namespace = keys.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		if clientcmd.IsEmptyConfig(err) {
			err = errors.New("there is no kubeconfig: point KUBECONFIG at one")
		}
		return nil, err
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "deployfile"
	// The API server throttles its clients itself.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	if o.Warnings != nil {
		config.WarningHandler = rest.NewWarningWriter(o.Warnings, rest.WarningWriterOptions{Deduplicate: true})
	}
	c := &connection{
		endpoint: o.Target.Endpoint, namespace: namespace,
		where: "the cluster at " + address(config.Host), config: config, nodes: keys.NodeSelector,
	}
	if keys.Context != "" {
		c.where = fmt.Sprintf("the cluster of context %q at %s", keys.Context, address(config.Host))
	}
	if err := c.connect(); err != nil {
		return nil, err
	}
	return newPublisher(c), nil
}

func newPublisher(c *connection) *Publisher {
	return &Publisher{Engine: publish.NewEngine(c.endpoint, store{c}, driver{c}), connection: c}
}

// newest returns the newest deployed revision. The error is a *publish.NothingError if
// nothing is deployed.
func (p *Publisher) newest(ctx context.Context) (*publish.Revision, error) {
	revisions, err := p.Revisions(ctx)
	if err != nil {
		return nil, err
	}
	if len(revisions) > 0 {
		return &revisions[0], nil
	}
	if err := p.there(ctx); err != nil {
		return nil, err
	}
	return nil, &publish.NothingError{Endpoint: p.endpoint}
}
