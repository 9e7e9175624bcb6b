package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	docker "github.com/moby/moby/client"
)

// TestDockerFailsInPlace deploys what serves on trial, and not in its place: the
// old one is started again.
func TestDockerFailsInPlace(t *testing.T) {
	e := onDocker(t, deployfile.Target{Network: "host"})
	e.deploy(t, shared.images.push(t, "1", ""), "1")
	before := onEngine(t, true)
	_, err := e.try(t.Context(), options(t), shared.images.push(t, "2", "", fmt.Sprintf("SHUN=%d", port)))
	var notReady *publish.NotReadyError
	if !errors.As(err, &notReady) || notReady.Restored != 1 || !strings.Contains(strings.Join(notReady.Log, "\n"), "that port is not for me") {
		t.Fatal(err)
	}
	eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
	e.wantVersion(t, "1")
	e.wantRevisions(t, "1")
	if d := cmp.Diff(before, onEngine(t, true)); d != "" {
		t.Errorf("what is there:\n%s", d)
	}
}

// eventually waits for what comes true without anyone's doing.
func eventually(t *testing.T, condition func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// TestDockerPortTaken moves to a port that another program has.
func TestDockerPortTaken(t *testing.T) {
	for _, network := range []string{"", "host"} {
		t.Run(network, func(t *testing.T) {
			e := onDocker(t, deployfile.Target{Network: network})
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			before := onEngine(t, true)
			l, err := net.Listen("tcp", ":8081")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			old := e.url()
			e.reopen(t, func(target *deployfile.Target) { target.Port = 8081 })
			requests := startLoad(old + "/version")
			_, err = e.try(t.Context(), options(t), shared.images.push(t, "2", ""))
			var notReady *publish.NotReadyError
			if !errors.As(err, &notReady) || !strings.Contains(err.Error(), "in use") && !strings.Contains(err.Error(), "allocated") {
				t.Error(err)
			}
			t.Log(err)
			requests.wantNone(t)
			if d := cmp.Diff(before, onEngine(t, true)); d != "" {
				t.Errorf("what is there:\n%s", d)
			}
		})
	}
}

// TestDockerOtherPort shows that no request is lost where old and new can serve
// side by side.
func TestDockerOtherPort(t *testing.T) {
	for _, network := range []string{"", "host"} {
		t.Run(network, func(t *testing.T) {
			e := onDocker(t, deployfile.Target{Network: network})
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			old := e.url()
			e.reopen(t, func(target *deployfile.Target) { target.Port = 8081 })
			slow := make(chan error, 1)
			requests, answered := startLoad(old+"/version"), false
			o := options(t)
			o.Progress = func(line string) {
				t.Log(line)
				if strings.HasPrefix(line, "stopping") {
					// The new one serves by now.
					_, err := ask(e.url() + "/version")
					answered = err == nil
					requests.wantNone(t)
					go func() {
						_, err := ask(old + "/slow")
						slow <- err
					}()
					time.Sleep(100 * time.Millisecond)
				}
			}
			if _, err := e.try(t.Context(), o, shared.images.push(t, "2", "", "STARTUP=500ms")); err != nil {
				t.Fatal(err)
			}
			if !answered {
				t.Error("the old one was stopped before the new one served")
			}
			if err := <-slow; err != nil {
				t.Errorf("a request that was under way: %v", err)
			}
			e.wantVersion(t, "2")
			if _, err := ask(old + "/version"); err == nil {
				t.Error("the old one still serves")
			}
		})
	}
}

// TestDockerCancelled ends a deployment at each of its steps.
func TestDockerCancelled(t *testing.T) {
	for _, step := range []string{"pulling", "trying", "waiting until tiny-prod-trial", "stopping", "starting revision 2", "waiting until tiny-prod-next"} {
		t.Run(step, func(t *testing.T) {
			e := onDocker(t, deployfile.Target{})
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			before := onEngine(t, true)
			ctx, cancel := context.WithCancel(t.Context())
			o := options(t)
			o.Progress = func(line string) {
				t.Log(line)
				if strings.HasPrefix(line, step) {
					go func() {
						time.Sleep(30 * time.Millisecond)
						cancel()
					}()
				}
			}
			_, err := e.try(ctx, o, shared.images.push(t, "2", "", "STARTUP=500ms"))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
			e.wantVersion(t, "1")
			e.wantRevisions(t, "1")
			if d := cmp.Diff(before, onEngine(t, true)); d != "" {
				t.Errorf("what is there:\n%s", d)
			}
		})
	}
}

func TestDockerTwoAtOnce(t *testing.T) {
	e := onDocker(t, deployfile.Target{})
	e.deploy(t, shared.images.push(t, "1", ""), "1")
	twoAtOnce(t, e)
}

// twoAtOnce deploys twice, of which one must say that it gave way.
func twoAtOnce(t *testing.T, e *endpoint) {
	t.Helper()
	versions := []string{"2", "3"}
	results := make(chan error, len(versions))
	for _, version := range versions {
		image := shared.images.push(t, version, "", "STARTUP=1s")
		o := options(t)
		o.By = version
		go func() {
			_, err := e.try(t.Context(), o, image)
			results <- err
		}()
	}
	busy, done := 0, 0
	for range versions {
		var b *publish.BusyError
		switch err := <-results; {
		case err == nil:
			done++
		case errors.As(err, &b) && b.Endpoint == endpointName && (b.By == "2" || b.By == "3"):
			busy++
		default:
			t.Error(err)
		}
	}
	if done != 1 || busy != 1 {
		t.Errorf("%d were done, %d gave way", done, busy)
	}
	e.wantRevisions(t, "2 1")
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.wantVersion(t, revisions[0].By)
}

// TestDockerAbandoned meets what a deployment leaves that was killed: while it
// may still be at work nobody interferes, and then it is cleared away.
func TestDockerAbandoned(t *testing.T) {
	e := onDocker(t, deployfile.Target{})
	one := shared.images.push(t, "1", "")
	e.deploy(t, one, "1")
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	abandoned := revisions[0]
	abandoned.Number, abandoned.By = 2, "gone@there"
	body, err := json.Marshal(abandoned)
	if err != nil {
		t.Fatal(err)
	}
	c := dockerClient(t)
	leave := func(limit string, start bool) {
		t.Helper()
		_, err := c.ContainerCreate(t.Context(), docker.ContainerCreateOptions{Name: endpointName + "-next", HostConfig: &container.HostConfig{NetworkMode: "host"}, Config: &container.Config{
			Image: one, Env: []string{"PORT=8080"}, Labels: map[string]string{
				"io.github.deployfile.endpoint": endpointName, "io.github.deployfile.revision": string(body),
				"io.github.deployfile.by": abandoned.By, "io.github.deployfile.limit": limit,
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if !start {
			return
		}
		zero := 0
		if _, err := c.ContainerStop(t.Context(), endpointName, docker.ContainerStopOptions{Timeout: &zero}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ContainerStart(t.Context(), endpointName+"-next", docker.ContainerStartOptions{}); err != nil {
			t.Fatal(err)
		}
	}

	leave("1m", false)
	var busy *publish.BusyError
	if _, err := e.try(t.Context(), options(t), shared.images.push(t, "2", "")); !errors.As(err, &busy) || busy.By != abandoned.By {
		t.Errorf("%v", err)
	}
	if err := e.Delete(t.Context()); !errors.As(err, &busy) {
		t.Errorf("%v", err)
	}
	if s, err := e.Status(t.Context()); err != nil || !s.Ready || !strings.Contains(s.Message, "is being deployed by gone@there") {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := c.ContainerRemove(t.Context(), endpointName+"-next", docker.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}

	// It had stopped the old one, which the next that fails starts again.
	leave("-1h", true)
	_, err = e.try(t.Context(), options(t), shared.images.push(t, "2", "crash"))
	var notReady *publish.NotReadyError
	if !errors.As(err, &notReady) || notReady.Restored != 1 {
		t.Errorf("%v", err)
	}
	e.wantVersion(t, "1")
	leave("-1h", true)
	e.deploy(t, shared.images.push(t, "2", ""), "2")
	e.wantRevisions(t, "2 1")

	// Only names were left to do.
	abandoned.Number = 3
	if body, err = json.Marshal(abandoned); err != nil {
		t.Fatal(err)
	}
	leave("-1h", true)
	if _, err := c.ContainerRename(t.Context(), endpointName, docker.ContainerRenameOptions{NewName: endpointName + "-r2"}); err != nil {
		t.Fatal(err)
	}
	three := shared.images.push(t, "3", "")
	if _, err := e.try(t.Context(), options(t), three); !errors.As(err, &busy) || busy.By != abandoned.By {
		t.Errorf("%v", err)
	}
	e.wantVersion(t, "1")
	e.wantRevisions(t, "3 2 1")
	e.deploy(t, three, "3")
	e.wantRevisions(t, "4 3 2 1")
	leave("-1h", false)
}

// TestDockerForeign meets a container of the endpoint's name that someone else
// has made.
func TestDockerForeign(t *testing.T) {
	e := onDocker(t, deployfile.Target{})
	image := shared.images.push(t, "1", "")
	e.deploy(t, image, "1")
	c := dockerClient(t)
	if _, err := c.ContainerCreate(t.Context(), docker.ContainerCreateOptions{Name: "other", Config: &container.Config{Image: image}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := c.ContainerRemove(context.Background(), "other", docker.ContainerRemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
		if err := e.Delete(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := e.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	rename := func(from, to string) {
		t.Helper()
		if _, err := c.ContainerRename(t.Context(), from, docker.ContainerRenameOptions{NewName: to}); err != nil {
			t.Fatal(err)
		}
	}
	rename("other", endpointName)
	_, err := e.try(t.Context(), options(t), image)
	var conflict *publish.ConflictError
	if !errors.As(err, &conflict) || conflict.Object != "container "+endpointName {
		t.Errorf("%v", err)
	}
	o := options(t)
	o.ForceConflicts = true
	if _, err := e.try(t.Context(), o, image); err != nil {
		t.Error(err)
	}
	e.wantVersion(t, "1")
	for _, line := range onEngine(t, false) {
		if name := strings.Fields(line)[1]; name != endpointName {
			rename(name, "other")
		}
	}
}
