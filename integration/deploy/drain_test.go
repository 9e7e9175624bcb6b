//go:build integration

package deploy

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// behind is how long the proxy lags: longer than the sleep of images whose lock is
// unknown.
const behind = 12 * time.Second

// TestDrain replaces a version under load, pod by pod and all at once, with a proxy
// that lags when the old pods stop.
func TestDrain(t *testing.T) {
	for _, strategy := range []string{"rolling", "blue-green"} {
		t.Run(strategy, func(t *testing.T) {
			u, namespace := twoVersions(t, "tiny-drain", strategy, 1)
			l := &load{client: u.client(), url: u.url(t, namespace, "tiny-prod"), body: []byte("{}")}
			replace := u.builds("deploy", "prod")
			if strategy == "blue-green" {
				u.run(t, replace...)
				replace = []string{"promote", "prod"}
			}
			l.during(t, func() {
				followed := make(chan error, 1)
				go func() { followed <- u.stopProxy(t.Context(), namespace) }()
				u.run(t, replace...)
				if err := <-followed; err != nil {
					t.Error(err)
				}
			})
			u.versions(t, namespace, "tiny-prod", "two")
			u.run(t, "delete", "prod", "--yes")
			u.nothingLeft(t, namespace)
		})
	}
}

// stopProxy suspends the proxy as soon as a pod of the namespace is told to stop.
func (u *user) stopProxy(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	pods, err := u.node.Client.CoreV1().Pods(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	defer pods.Stop()
	for event := range pods.ResultChan() {
		pod, err := meta.Accessor(event.Object)
		if err != nil {
			return err
		}
		if pod.GetDeletionTimestamp() == nil {
			continue
		}
		resume, err := u.node.StopProxy()
		if err != nil {
			return err
		}
		time.Sleep(behind)
		return resume()
	}
	return fmt.Errorf("no pod of %s stopped: %w", namespace, context.Cause(ctx))
}
