//go:build linux

package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const (
	nodeName = "node"
	nodeIP   = "127.0.0.1"
)

// kubelet reports the status of pods that it does not run.
type kubelet struct {
	client kubernetes.Interface
	pods   cache.SharedIndexInformer
	queue  workqueue.TypedRateLimitingInterface[string]
	logs   *httptest.Server
	cancel context.CancelFunc
	done   sync.WaitGroup

	mutex sync.Mutex
	// steered are the tests' functions, by namespace.
	steered map[string]func(*corev1.Pod) Fate
	// reported is the fate that the pod's status is that of, ips are the pods'
	// addresses.
	reported map[types.UID]Fate
	ips      int
}

// startKubelet registers the node and looks after its pods.
func startKubelet(client kubernetes.Interface) (*kubelet, error) {
	ctx, cancel := context.WithCancel(context.Background())
	factory := informers.NewSharedInformerFactory(client, 0)
	k := &kubelet{
		client: client,
		pods:   factory.Core().V1().Pods().Informer(),
		// Soon again: the API server may be started anew.
		queue:    workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](20*time.Millisecond, time.Second)),
		cancel:   cancel,
		steered:  map[string]func(*corev1.Pod) Fate{},
		reported: map[types.UID]Fate{},
	}
	k.logs = httptest.NewTLSServer(k.logHandler())
	if err := k.register(ctx); err != nil {
		k.stop()
		return nil, err
	}
	add := func(o any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(o); err == nil {
			k.queue.Add(key)
		}
	}
	if _, err := k.pods.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, o any) { add(o) }}); err != nil {
		k.stop()
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for range 4 {
		k.done.Go(func() { k.work(ctx) })
	}
	return k, nil
}

// register makes the node, so large that pods always fit.
func (k *kubelet) register(ctx context.Context) error {
	node, err := k.client.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: nodeName,
		Labels: map[string]string{
			corev1.LabelHostname: nodeName, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
			corev1.LabelTopologyZone: "zone",
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(k.logs.Listener.Addr().String())
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	node.Status.Capacity = corev1.ResourceList{
		"cpu": resource.MustParse("1000"), "memory": resource.MustParse("4Ti"), "pods": resource.MustParse("1000"),
		"ephemeral-storage": resource.MustParse("4Ti"), "nvidia.com/gpu": resource.MustParse("8"),
	}
	node.Status.Allocatable = node.Status.Capacity
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: nodeIP}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(number)
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
		LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now(),
	}}
	_, err = k.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

// steer sets the namespace's function, and looks at its pods anew.
func (k *kubelet) steer(namespace string, fate func(*corev1.Pod) Fate) {
	k.mutex.Lock()
	k.steered[namespace] = fate
	k.mutex.Unlock()
	for _, key := range k.pods.GetStore().ListKeys() {
		if n, _, err := cache.SplitMetaNamespaceKey(key); err == nil && n == namespace {
			k.queue.Add(key)
		}
	}
}

func (k *kubelet) work(ctx context.Context) {
	for {
		key, quit := k.queue.Get()
		if quit {
			return
		}
		if err := k.sync(ctx, key); err != nil && ctx.Err() == nil {
			k.queue.AddRateLimited(key)
		} else {
			k.queue.Forget(key)
		}
		k.queue.Done(key)
	}
}

// sync reports one pod's status if it is not yet what it should be. Errors
// lead to another try.
func (k *kubelet) sync(ctx context.Context, key string) error {
	o, exists, err := k.pods.GetStore().GetByKey(key)
	if err != nil || !exists {
		return err
	}
	pod := o.(*corev1.Pod)
	if pod.Spec.NodeName != nodeName {
		return nil
	}
	pods := k.client.CoreV1().Pods(pod.Namespace)
	if pod.DeletionTimestamp != nil {
		err := pods.Delete(ctx, pod.Name, *metav1.NewDeleteOptions(0))
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	fate, ip, changed := k.decide(pod)
	if !changed {
		return nil
	}
	pod = pod.DeepCopy()
	fate.setStatus(pod, ip, metav1.Now())
	if _, err := pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{}); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	k.mutex.Lock()
	k.reported[pod.UID] = fate
	k.mutex.Unlock()
	return k.warn(ctx, pod, fate)
}

// decide returns the pod's fate, its address, and whether that is news.
func (k *kubelet) decide(pod *corev1.Pod) (Fate, string, bool) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var fate Fate
	if f := k.steered[pod.Namespace]; f != nil {
		fate = f(pod.DeepCopy())
	}
	if fate == "" {
		fate = fateOf(pod)
	}
	ip := pod.Status.PodIP
	if ip == "" {
		// Endpoints with an address of the loopback are refused.
		k.ips++
		ip = fmt.Sprintf("10.%d.%d.%d", 128+k.ips/250/250, k.ips/250%250, k.ips%250+1)
	}
	return fate, ip, k.reported[pod.UID] != fate
}

// warn records the fate's event, if it has one.
func (k *kubelet) warn(ctx context.Context, pod *corev1.Pod, fate Fate) error {
	for _, c := range pod.Spec.Containers {
		reason, message := fate.event(c)
		if reason == "" {
			continue
		}
		if _, err := k.client.CoreV1().Events(pod.Namespace).Create(ctx, &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{GenerateName: pod.Name + "."},
			InvolvedObject: corev1.ObjectReference{
				APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
				FieldPath: fmt.Sprintf("spec.containers{%s}", c.Name),
			},
			Type: corev1.EventTypeWarning, Reason: reason, Message: message, Count: 1,
			Source:         corev1.EventSource{Component: "kubelet", Host: nodeName},
			FirstTimestamp: metav1.Now(), LastTimestamp: metav1.Now(),
		}, metav1.CreateOptions{}); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
			return err
		}
	}
	return nil
}

func (k *kubelet) stop() {
	k.cancel()
	k.queue.ShutDown()
	k.done.Wait()
	k.logs.CloseClientConnections()
	k.logs.Close()
}
