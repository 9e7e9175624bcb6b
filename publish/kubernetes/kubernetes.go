// Package kubernetes is the publisher for Kubernetes clusters, with KServe or
// without. Documents are applied by the API server itself (server-side apply),
// so that fields which others have set are found out and left alone. Each
// revision is kept in the endpoint's namespace as a ControllerRevision, which
// is at the same time the lock that keeps two deployments of one endpoint from
// running at once.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	clientset "k8s.io/client-go/kubernetes"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // for kubeconfigs that use OpenID Connect
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// Options say which endpoint of which cluster is meant.
type Options struct {
	// Target is the [targets.NAME] with kind "kubernetes" or "kserve".
	Target deployfile.Target
	// Warnings gets what the API server warns of, a line each, nil for
	// nowhere.
	Warnings io.Writer
}

// Publisher is an endpoint in a namespace of a cluster. Its methods may be
// called at the same time.
type Publisher struct {
	endpoint, namespace string
	kind                string
	// where names the cluster in messages.
	where string

	config  *rest.Config // without a limit of time, for streams
	dynamic dynamic.Interface
	client  clientset.Interface
	mapper  meta.RESTMapper

	// answered says that the API server has answered once, so that it is worth
	// waiting for if it is gone; lastOutage is when it was gone last, in
	// nanoseconds since 1970.
	answered   atomic.Bool
	lastOutage atomic.Int64
}

var (
	_ publish.Publisher = (*Publisher)(nil)
	_ publish.Logger    = (*Publisher)(nil)
	_ publish.Opener    = (*Publisher)(nil)
	_ publish.Batcher   = (*Publisher)(nil)
)

// requestTimeout limits a single request that is not a stream.
const requestTimeout = 30 * time.Second

// Open connects to the cluster that the target names: its context, or the
// current one, of the kubeconfig that KUBECONFIG or the home folder have; the
// service account's where there is none and this runs inside a cluster. The
// namespace is the target's, else the context's, else "default". Nothing is
// sent yet, so the context is not used.
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
	// The API server limits its clients itself.
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	if o.Warnings != nil {
		config.WarningHandler = rest.NewWarningWriter(o.Warnings, rest.WarningWriterOptions{Deduplicate: true})
	}
	p := &Publisher{
		endpoint: o.Target.Endpoint, namespace: namespace, kind: o.Target.Kind,
		where: "the cluster at " + address(config.Host), config: config,
	}
	if keys.Context != "" {
		p.where = fmt.Sprintf("the cluster of context %q at %s", keys.Context, address(config.Host))
	}
	return p, p.connect()
}

// maxAnswer and maxAnswerValues are how much is read of an answer of the API server
// that is not a stream, in bytes and in values of JSON: client-go reads any.
const (
	maxAnswer       = 64 << 20
	maxAnswerValues = 1_000_000
)

// bounded is a transport whose answers are no larger.
func bounded(base http.RoundTripper) http.RoundTripper {
	return untrusted.Answers{Base: base, Limit: func(r *http.Request) *untrusted.AnswerLimit {
		if strings.HasSuffix(r.URL.Path, "/log") {
			return &untrusted.AnswerLimit{Bytes: maxAnswer}
		}
		return &untrusted.AnswerLimit{Bytes: maxAnswer, Values: maxAnswerValues}
	}}
}

// address is a server's without the password that it may have.
func address(host string) string {
	if u, err := neturl.Parse(host); err == nil {
		return u.Redacted()
	}
	return host
}

func (p *Publisher) connect() error {
	limited := rest.CopyConfig(p.config)
	limited.Timeout = requestTimeout
	limited.Wrap(bounded)
	httpClient, err := rest.HTTPClientFor(limited)
	if err != nil {
		return fmt.Errorf("%s: %w", p.where, err)
	}
	if p.dynamic, err = dynamic.NewForConfigAndClient(limited, httpClient); err != nil {
		return fmt.Errorf("%s: %w", p.where, err)
	}
	client, err := clientset.NewForConfigAndClient(limited, httpClient)
	if err != nil {
		return fmt.Errorf("%s: %w", p.where, err)
	}
	p.client = client
	p.mapper = meta.FirstHitRESTMapper{MultiRESTMapper: meta.MultiRESTMapper{
		builtIn(),
		restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery())),
	}}
	return nil
}

// Close implements publish.Publisher.
func (p *Publisher) Close() error { return nil }
