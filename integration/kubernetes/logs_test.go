//go:build integration

package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	var nothing *publish.NothingError
	if err := p.Logs(t.Context(), io.Discard, publish.LogOptions{}); !errors.As(err, &nothing) {
		t.Errorf("nothing is deployed, and the error is %v", err)
	}
	l.deploy(p, l.version("one"))
	var out bytes.Buffer
	if err := p.Logs(t.Context(), &out, publish.LogOptions{}); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\[(iris-[^]]+)\] .*listens on port.*$`)
	if found := line.FindAllStringSubmatch(out.String(), -1); len(found) != 2 || found[0][1] == found[1][1] {
		t.Errorf("the log is %q", out.String())
	}

	// Pods that come later are followed, too.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := p.Logs(ctx, writer, publish.LogOptions{Follow: true, Tail: 1})
		_ = writer.Close()
		done <- err
	}()
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		rest := ""
		buffer := make([]byte, 4096)
		for {
			n, err := reader.Read(buffer)
			rest += string(buffer[:n])
			for strings.Contains(rest, "\n") {
				var line string
				line, rest, _ = strings.Cut(rest, "\n")
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	from := map[string]bool{}
	want := func(pods int) {
		t.Helper()
		timeout := time.After(20 * time.Second)
		for len(from) < pods {
			select {
			case text := <-lines:
				if found := line.FindStringSubmatch(text); found != nil {
					from[found[1]] = true
				}
			case <-timeout:
				t.Fatalf("there are only logs of %v", from)
			}
		}
	}
	want(2)
	l.deploy(p, l.version("two"))
	want(4)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("the end of the caller's patience is no error: %v", err)
	}
}

// TestOpenNothing has no endpoint, or none that is ready, to open.
func TestOpenNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	var nothing *publish.NothingError
	if _, err := p.Open(t.Context()); !errors.As(err, &nothing) {
		t.Errorf("nothing is deployed, and the error is %v", err)
	}
	o := options(time.Minute)
	o.NoWait = true
	if _, err := publish.Deploy(t.Context(), p, l.version("one", fate("never-ready")), o); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "no instance of iris is ready") {
		t.Errorf("nothing is ready, and the error is %v", err)
	}
}

func TestBatchFails(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	folder := t.TempDir()
	input, output := folder+"/in.csv", folder+"/out.csv"
	write(t, input, "a,b\n1,2\n")
	var nothing *publish.NothingError
	if err := p.Batch(t.Context(), publish.BatchOptions{Input: input, Output: output}); !errors.As(err, &nothing) {
		t.Errorf("nothing is deployed, and the error is %v", err)
	}
	for name, tt := range map[string]struct {
		env, output string
		timeout     time.Duration
		want        []string
	}{
		"it fails":              {"fail", output, time.Minute, []string{"has failed", "lines of its log"}},
		"it cannot be pulled":   {"pull-error", output, time.Minute, []string{"cannot be pulled (ImagePullBackOff)", "Failed to pull image"}},
		"it takes too long":     {"never-ready", output, 3 * time.Second, []string{"3s"}},
		"it has no output":      {"complete", output, time.Minute, []string{"the log does not have the predictions"}},
		"it writes elsewhere":   {"complete", "https://store.example.com/out.csv?signature=secret", time.Minute, nil},
		"its folder is missing": {"complete", folder + "/none/out.csv", time.Minute, []string{"the output's folder: ", "no such file or directory"}},
		"the output is no URL":  {"complete", "ftp://store.example.com/out.csv", time.Minute, []string{"the output must be"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			p := l.open()
			o := options(time.Minute)
			o.NoWait = true
			if _, err := publish.Deploy(t.Context(), p, l.version("one", func(target *deployfile.Target) {
				pod(target).Env = map[string]string{"DEPLOYFILE_TEST_FATE": tt.env}
			}), o); err != nil {
				t.Fatal(err)
			}
			before := l.objects()
			var lines said
			err := p.Batch(t.Context(), publish.BatchOptions{Input: input, Output: tt.output, Timeout: tt.timeout, Progress: lines.add})
			if (err == nil) != (tt.want == nil) {
				t.Errorf("the error is %v", err)
			}
			for _, part := range tt.want {
				if err != nil && !strings.Contains(err.Error(), part) {
					t.Errorf("the error has no %q:\n%v", part, err)
				}
			}
			if strings.Contains(lines.text(), "secret") || err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the URL's signature is told: %v\n%s", err, lines.text())
			}
			if diff := cmp.Diff(before, l.objects()); diff != "" {
				t.Error(diff)
			}
			pods, err := l.cluster.Client.CoreV1().Pods(l.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name"})
			if err != nil || len(pods.Items) > 0 {
				t.Errorf("there are pods left: %v, %v", pods, err)
			}
		})
	}
}
