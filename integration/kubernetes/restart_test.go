//go:build integration

package kubernetes

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/publish"
)

// TestServerRestarts kills the API server in the middle. It must not run beside
// other tests.
func TestServerRestarts(t *testing.T) {
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	l.cluster.Steer(t, l.namespace, func(pod *corev1.Pod) cluster.Fate {
		return cluster.NeverReady
	})
	waiting := make(chan struct{}, 100)
	o := options(time.Minute)
	o.Progress = func(line string) {
		if strings.Contains(line, "instances are ready") {
			waiting <- struct{}{}
		}
	}
	done := make(chan error, 1)
	go func() {
		_, err := publish.Deploy(t.Context(), p, l.version("two"), o)
		done <- err
	}()
	<-waiting
	l.cluster.RestartServer(t, func() { time.Sleep(3 * time.Second) })
	l.cluster.Steer(t, l.namespace, nil)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	l.serve(map[string]int{"two": 2})
	if diff := cmp.Diff([]string{"ControllerRevision/iris-r1", "ControllerRevision/iris-r2", "Deployment/iris", "Service/iris"}, names(l.objects())); diff != "" {
		t.Error(diff)
	}
}

// TestTrafficThroughRestart kills the API server while one version replaces
// another. It must not run beside other tests.
func TestTrafficThroughRestart(t *testing.T) {
	l := newNodeLab(t)
	p := l.connect()
	single := func(target *deployfile.Target) { pod(target).Replicas = 1 }
	l.lab.deploy(p, l.version("one", single))
	load := l.load("iris")
	waiting := make(chan struct{}, 100)
	o := options(2 * time.Minute)
	o.Progress = func(line string) {
		if strings.Contains(line, "instances are ready") {
			waiting <- struct{}{}
		}
	}
	// It starts as slowly as a model: the cluster's proxies take some seconds to
	// come back to an API server, and the pods of before last no longer than 5 s
	// once the new ones are ready.
	two := l.version("two", single)
	pod(&two.Target).Env["STARTUP"] = "25s"
	done := make(chan error, 1)
	go func() {
		_, err := publish.Deploy(t.Context(), p, two, o)
		done <- err
	}()
	select {
	case <-waiting:
	case err := <-done:
		t.Fatalf("it ended before it waited: %v", err)
	}
	l.cluster.RestartServer(t, func() { time.Sleep(3 * time.Second) })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// The pods of before drain for some seconds more.
	time.Sleep(8 * time.Second)
	load.WantNone(t)
	if load.answers["one"] == 0 || load.answers["two"] == 0 {
		t.Errorf("the answers are %v", load.answers)
	}
	if diff := cmp.Diff([]string{"ControllerRevision/iris-r1", "ControllerRevision/iris-r2", "Deployment/iris", "Service/iris"}, names(l.objects())); diff != "" {
		t.Error(diff)
	}
}
