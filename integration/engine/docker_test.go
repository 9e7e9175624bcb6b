package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	publishdocker "github.com/deployfile/deployfile/publish/docker"
	"github.com/google/go-cmp/cmp"
	docker "github.com/moby/moby/client"
)

// onDocker is an endpoint with nothing deployed, on the tests' engine.
func onDocker(t *testing.T, target deployfile.Target) *endpoint {
	t.Helper()
	target.Kind, target.Name, target.Endpoint = "docker", "prod", endpointName
	if target.Port == 0 {
		target.Port = port
	}
	e := &endpoint{target: target, open: func(target deployfile.Target) (publish.Publisher, error) {
		return publishdocker.Open(context.Background(), publishdocker.Options{Target: target})
	}}
	e.reopen(t, func(*deployfile.Target) {})
	before := onEngine(t, true)
	t.Cleanup(func() {
		if err := e.Delete(context.Background()); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(before, onEngine(t, true)); d != "" {
			t.Errorf("Delete leaves something:\n%s", d)
		}
	})
	return e
}

func dockerClient(t *testing.T) *docker.Client {
	t.Helper()
	c, err := docker.New(docker.WithHost(shared.docker.address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// onEngine lists the containers, and the images if they are asked for.
func onEngine(t *testing.T, images bool) []string {
	t.Helper()
	c := dockerClient(t)
	containers, err := c.ContainerList(context.Background(), docker.ContainerListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, c := range containers.Items {
		out = append(out, fmt.Sprintf("container %s %s %s", c.Names[0][1:], c.ID[:12], c.State))
	}
	if images {
		list, err := c.ImageList(context.Background(), docker.ImageListOptions{All: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list.Items {
			out = append(out, "image "+i.ID)
		}
	}
	slices.Sort(out)
	return out
}

func TestDocker(t *testing.T) {
	for _, network := range []string{"", "host"} {
		t.Run("network "+network, func(t *testing.T) { lifecycle(t, onDocker(t, deployfile.Target{Network: network})) })
	}
}

// lifecycle goes through the verbs.
func lifecycle(t *testing.T, e *endpoint) {
	one, two := shared.images.push(t, "1", ""), shared.images.push(t, "2", "")
	status, err := e.Status(t.Context())
	if err != nil || status.Revision != nil || status.Ready {
		t.Errorf("before: %+v, %v", status, err)
	}
	if out := e.deploy(t, one, "1"); out.Action != publish.Applied || out.Revision.Number != 1 || len(out.Changes) != 1 || out.Changes[0].Action != "create" {
		t.Errorf("%+v", out)
	}
	if out := e.deploy(t, one, "1"); out.Action != publish.Unchanged || len(out.Changes) != 0 {
		t.Errorf("again: %+v", out)
	}
	e.wantRevisions(t, "1")

	l := startLoad(e.url() + "/version")
	out := e.deploy(t, two, "2")
	failed, all, gap := l.end()
	t.Logf("replaced: %d of %d requests failed, over %s", failed, all, gap)
	if gap > 3*time.Second {
		t.Errorf("no answer for %s", gap)
	}
	_, oldDigest, _ := strings.Cut(one, "@")
	_, newDigest, _ := strings.Cut(two, "@")
	if d := out.Changes[0].Diff; out.Revision.Number != 2 || !strings.Contains(d, "-image: ") || !strings.Contains(d, oldDigest) || !strings.Contains(d, "\n+image: ") || !strings.Contains(d, newDigest) {
		t.Errorf("%+v", out)
	}
	e.wantRevisions(t, "2 1")

	if status, err = e.Status(t.Context()); err != nil || !status.Ready || status.Revision.Number != 2 || status.URL != e.url() || len(status.Instances) != 1 || !status.Instances[0].Ready || status.Instances[0].Image != two {
		t.Errorf("%+v, %v", status, err)
	}
	var log strings.Builder
	if err := e.Publisher.(publish.Logger).Logs(t.Context(), &log, publish.LogOptions{Tail: 1}); err != nil || log.String() != fmt.Sprintf("listening on :%d\n", port) {
		t.Errorf("log %q, %v", log.String(), err)
	}
	opened, err := e.Publisher.(publish.Opener).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, opened.URL+"/version"); got != "2" {
		t.Errorf("%s: %s", opened.URL, got)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}

	// Its image need not be pulled.
	if out, err = publish.Rollback(t.Context(), e, 0, options(t)); err != nil || out.Revision.Number != 3 {
		t.Errorf("%+v, %v", out, err)
	}
	e.wantVersion(t, "1")
	e.wantRevisions(t, "3 2 1")

	if err := e.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(e.url() + "/version"); err == nil {
		t.Error("it serves after it was deleted")
	}
	e.wantRevisions(t, "")
	if err := e.Delete(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	var nothing *publish.NothingError
	if err := e.Publisher.(publish.Logger).Logs(t.Context(), &log, publish.LogOptions{}); !errors.As(err, &nothing) {
		t.Errorf("log of nothing: %v", err)
	}
}

// broken are images that never serve, and what is said of them.
func broken(t *testing.T) map[string]struct{ image, reason, log string } {
	return map[string]struct{ image, reason, log string }{
		"crash":   {shared.images.push(t, "2", "crash"), "the server ended with exit code 3", "ModuleNotFoundError: No module named 'sklearn'"},
		"unready": {shared.images.push(t, "2", "unready"), "GET /ping is answered by 503", "loading model 2"},
		"deaf":    {shared.images.push(t, "2", "deaf"), "it did not serve within 2s", "loading model 2"},
		"missing": {shared.registry.Host + "/tiny@sha256:" + strings.Repeat("0", 64), "image " + shared.registry.Host + "/tiny@sha256:", ""},
	}
}

func TestDockerBroken(t *testing.T) {
	for _, network := range []string{"", "host"} {
		for name, b := range broken(t) {
			t.Run(name+" "+network, func(t *testing.T) {
				e := onDocker(t, deployfile.Target{Network: network})
				wantBroken(t, e, b.image, b.reason, b.log, func() []string { return onEngine(t, true) })
			})
		}
	}
}

// wantBroken deploys what does not serve to an endpoint with nothing, and to
// one that serves; there says all that there is.
func wantBroken(t *testing.T, e *endpoint, image, reason, log string, there func() []string) {
	o := options(t)
	o.Timeout = 2 * time.Second
	for _, serving := range []bool{false, true} {
		restored := 0
		if serving {
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			restored = 1
		}
		before, l := there(), (*load)(nil)
		if serving {
			l = startLoad(e.url() + "/version")
		}
		_, err := e.try(t.Context(), o, image)
		var notReady *publish.NotReadyError
		if !errors.As(err, &notReady) {
			t.Fatalf("%v", err)
		}
		t.Log(err)
		if !strings.Contains(notReady.Reason, reason) || !strings.Contains(strings.Join(notReady.Log, "\n"), log) || notReady.Restored != restored {
			t.Errorf("%+v", notReady)
		}
		if serving {
			l.wantNone(t)
			e.wantVersion(t, "1")
			e.wantRevisions(t, "1")
		}
		if d := cmp.Diff(before, there()); d != "" {
			t.Errorf("what is there:\n%s", d)
		}
	}
}
