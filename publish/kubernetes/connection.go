package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	neturl "net/url"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// connection is an endpoint in a namespace of a cluster, with the clients of that
// cluster.
type connection struct {
	endpoint, namespace string
	// where names the cluster in messages.
	where string
	// nodes are the labels of the nodes that pods may go to.
	nodes map[string]string

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

// requestTimeout limits a single request that is not a stream.
const requestTimeout = 30 * time.Second

// maxAnswer and maxAnswerValues limit an answer of the API server that is not a stream,
// in bytes and in JSON values; client-go has no limit.
const (
	maxAnswer       = 64 << 20
	maxAnswerValues = 1_000_000
)

// bounded is a transport that limits answers.
func bounded(base http.RoundTripper) http.RoundTripper {
	return untrusted.Answers{Base: base, Limit: func(r *http.Request) *untrusted.AnswerLimit {
		if strings.HasSuffix(r.URL.Path, "/log") {
			return &untrusted.AnswerLimit{Bytes: maxAnswer}
		}
		return &untrusted.AnswerLimit{Bytes: maxAnswer, Values: maxAnswerValues}
	}}
}

// address returns a server's address without its password.
func address(host string) string {
	if u, err := neturl.Parse(host); err == nil {
		return u.Redacted()
	}
	return host
}

func (c *connection) connect() error {
	limited := rest.CopyConfig(c.config)
	limited.Timeout = requestTimeout
	limited.Wrap(bounded)
	httpClient, err := rest.HTTPClientFor(limited)
	if err != nil {
		return fmt.Errorf("%s: %w", c.where, err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(limited, httpClient); err != nil {
		return fmt.Errorf("%s: %w", c.where, err)
	}
	client, err := clientset.NewForConfigAndClient(limited, httpClient)
	if err != nil {
		return fmt.Errorf("%s: %w", c.where, err)
	}
	c.client = client
	c.mapper = meta.FirstHitRESTMapper{MultiRESTMapper: meta.MultiRESTMapper{
		builtIn(),
		restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery())),
	}}
	return nil
}

// there returns a *NamespaceError if the namespace is missing.
func (c *connection) there(ctx context.Context) error {
	_, err := retry(ctx, c, func() (*corev1.Namespace, error) {
		return c.client.CoreV1().Namespaces().Get(ctx, c.namespace, metav1.GetOptions{})
	})
	if apierrors.IsForbidden(err) {
		// Without permission to read namespaces, the first request for an object reports
		// it.
		return nil
	}
	return c.explain(err, "looking for namespace "+c.namespace)
}
