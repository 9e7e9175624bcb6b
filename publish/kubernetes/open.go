package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// findTime is how long a tunnel that has lost its pod looks for another.
const findTime = 60 * time.Second

// Open implements publish.Opener, with a tunnel through the API server to a pod of the
// live slot, as kubectl port-forward makes one. When the pod ends, the tunnel continues
// to another one at the same local port; requests fail until then. The end of ctx
// closes the tunnel, too.
func (p *Publisher) Open(ctx context.Context) (*publish.Endpoint, error) {
	newest, err := p.newest(ctx)
	if err != nil {
		return nil, err
	}
	live := newest.State.Live
	pod, err := p.readyPod(ctx, live)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	t := &tunnel{connection: p.connection, live: live}
	ended, err := t.open(ctx, pod)
	if err != nil {
		cancel()
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() { t.keep(ctx, ended) })
	return &publish.Endpoint{
		URL: "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(int(t.local))),
		Close: func() error {
			cancel()
			running.Wait()
			return nil
		},
	}, nil
}

// tunnel is a local port that leads to a pod.
type tunnel struct {
	*connection
	live manifests.Slot
	// local is the port of this machine, 0 before the first pod.
	local uint16
}

// open forwards the local port to a pod until ctx ends, the connection is lost
// or the pod is no longer ready. The channel is closed then.
func (t *tunnel) open(ctx context.Context, pod *corev1.Pod) (<-chan struct{}, error) {
	dialer, err := t.dialer(pod)
	if err != nil {
		return nil, err
	}
	outer := ctx
	ctx, cancel := context.WithCancel(outer)
	began := make(chan struct{})
	var complaints bytes.Buffer
	// Its logs are noise: a client that hangs up, a pod that ends.
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(klog.NewContext(ctx, logr.Discard()), dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("%d:%d", t.local, t.live.Port)}, began, nil, &complaints)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("opening a tunnel to pod %s: %w", pod.Name, err)
	}
	failed := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		failed <- forwarder.ForwardPorts()
	}()
	select {
	case <-began:
	case err := <-failed:
		if outer.Err() != nil {
			return nil, outer.Err()
		}
		if denied := permissionOf(err); denied != nil {
			return nil, denied
		}
		return nil, errors.Join(fmt.Errorf("opening a tunnel to pod %s: %w", pod.Name, err), complaint(complaints.String()))
	}
	if ports, err := forwarder.GetPorts(); err == nil {
		t.local = ports[0].Local
	}
	go func() {
		defer cancel()
		for wait.For(ctx, time.Second) == nil {
			there, err := t.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
			if missing(err) || err == nil && (there.UID != pod.UID || !ready(there)) {
				return
			}
		}
	}()
	return ended, nil
}

func complaint(text string) error {
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// keep connects to another pod when one is lost.
func (t *tunnel) keep(ctx context.Context, ended <-chan struct{}) {
	for {
		<-ended
		until := time.Now().Add(findTime)
		for opened := false; !opened; {
			if ctx.Err() != nil || time.Now().After(until) {
				return
			}
			pod, err := t.readyPod(ctx, t.live)
			if err == nil {
				var again <-chan struct{}
				if again, err = t.open(ctx, pod); err == nil {
					ended, opened = again, true
					continue
				}
			}
			if wait.For(ctx, pollInterval) != nil {
				return
			}
		}
	}
}

// dialer returns a dialer to a pod's ports over a WebSocket, or SPDY where the API
// server or a proxy before it does not support that.
func (t *tunnel) dialer(pod *corev1.Pod) (httpstream.Dialer, error) {
	client, err := clientset.NewForConfig(t.config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.where, err)
	}
	address := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(t.config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.where, err)
	}
	old := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	webSocket, err := portforward.NewSPDYOverWebsocketDialerForStreamingWithLogger(logr.Discard(), address, t.config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.where, err)
	}
	return portforward.NewFallbackDialerForStreaming(webSocket, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
