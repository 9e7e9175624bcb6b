//go:build integration

package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
)

// TestTraffic changes what serves, in every way, while requests come in: none
// fails.
func TestTraffic(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	l.lab.deploy(p, l.version("one"))
	load := l.load("iris")
	step := func(what string, outcome *publish.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		t.Log(time.Now().Format(time.TimeOnly), what)
	}
	deploy := func(name string, change ...func(*deployfile.Target)) (*publish.Outcome, error) {
		return publish.Deploy(t.Context(), p, l.version(name, change...), options(time.Minute))
	}
	canary := func(target *deployfile.Target) { pod(target).Strategy, pod(target).Weight = "canary", 50 }
	colours := func(target *deployfile.Target) { pod(target).Strategy = "blue-green" }
	outcome, err := deploy("two")
	step("a rollout", outcome, err)
	outcome, err = deploy("three", canary)
	step("a canary", outcome, err)
	outcome, err = publish.Promote(t.Context(), p, options(time.Minute))
	step("its promotion", outcome, err)
	outcome, err = deploy("four", colours)
	step("another colour", outcome, err)
	outcome, err = publish.Promote(t.Context(), p, options(time.Minute))
	step("its promotion", outcome, err)
	outcome, err = publish.Rollback(t.Context(), p, 1, options(time.Minute))
	step("the rollback", outcome, err)
	// The pods of before drain for some seconds more.
	time.Sleep(8 * time.Second)
	load.WantNone(t)
	t.Log(load.answers)
	for _, version := range []string{"one", "two", "three", "four"} {
		if load.answers[version] == 0 {
			t.Errorf("no request was answered by %s: %v", version, load.answers)
		}
	}
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.eventually(func() string { return cmp.Diff([]string(nil), l.cluster.Objects(t, l.namespace)) })
}

// TestTrafficThroughFailures keeps serving while others do not come up.
func TestTrafficThroughFailures(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	l.lab.deploy(p, l.version("one"))
	load := l.load("iris")
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		image   string
		want    []string
	}{
		{"crash", 2 * time.Minute, "", []string{"server: the model of crash cannot be loaded", "Back-off restarting failed container"}},
		{"never-ready", 15 * time.Second, "", []string{"listens on port 8080", "probe failed"}},
		{"missing", time.Minute, l.node.Registry + "/iris@sha256:" + strings.Repeat("0", 64), []string{"cannot be pulled", "not found"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := l.version(tt.name)
			if tt.image != "" {
				r.Image = tt.image
			}
			begin := time.Now()
			_, err := publish.Deploy(t.Context(), p, r, options(tt.timeout))
			t.Logf("after %.1f s: %v", time.Since(begin).Seconds(), err)
			var failed *publish.NotReadyError
			if !errors.As(err, &failed) || failed.Restored != 1 {
				t.Fatalf("the error is %v", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message has no %q", part)
				}
			}
		})
	}
	load.WantNone(t)
	if len(load.answers) != 1 {
		t.Errorf("the answers are %v", load.answers)
	}
}

// TestOpen reaches the endpoint by a tunnel, and another pod when its own is
// gone.
func TestOpen(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	l.lab.deploy(p, l.version("one"))
	endpoint, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = endpoint.Close() }()
	ask := func() (string, error) {
		answer, err := http.Get(endpoint.URL + "/")
		if err != nil {
			return "", err
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		return string(body), err
	}
	for range 20 {
		if answer, err := ask(); answer != "one" || err != nil {
			t.Fatalf("the answer is %q, %v", answer, err)
		}
	}
	l.lab.deploy(p, l.version("two"))
	l.eventually(func() string {
		answer, err := ask()
		if err != nil {
			return err.Error()
		}
		return cmp.Diff("two", answer)
	})
	if err := endpoint.Close(); err != nil {
		t.Error(err)
	}
	if answer, err := ask(); err == nil {
		t.Errorf("the tunnel is closed, and the answer is %q", answer)
	}
}

// TestNodeLogs has what the program printed.
func TestNodeLogs(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	l.lab.deploy(p, l.version("one"))
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if err := p.Logs(ctx, &out, publish.LogOptions{Follow: true}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "] version one listens on port 8080\n"); n != 2 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("the log is %q", out.String())
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	l.lab.deploy(p, l.version("one"))
	before := l.objects()
	folder := t.TempDir()
	write(t, folder+"/in.csv", "a,b\n1,2\n")
	var lines said
	o := publish.BatchOptions{Input: folder + "/in.csv", Output: folder + "/out.csv", Timeout: time.Minute, Progress: lines.add}
	if err := p.Batch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(folder + "/out.csv")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("A,B\n1,2\n", string(got)); diff != "" {
		t.Error(diff)
	}
	write(t, folder+"/in.csv", "nonsense")
	if err := p.Batch(t.Context(), o); err == nil || !strings.Contains(err.Error(), "server: the input is nonsense") {
		t.Errorf("the error is %v", err)
	}
	// How far it came is no reason why it failed.
	write(t, folder+"/in.csv", "killed")
	if err := p.Batch(t.Context(), o); err == nil || !strings.Contains(err.Error(), " has failed: its program has ended with exit code 137 (Error)\n") {
		t.Errorf("the error is %v", err)
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
	pods, err := l.cluster.Client.CoreV1().Pods(l.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name"})
	if err != nil || len(pods.Items) > 0 {
		t.Errorf("there are pods left: %v, %v", pods, err)
	}
}
