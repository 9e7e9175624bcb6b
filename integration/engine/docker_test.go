//go:build integration

package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/publish"
	"github.com/moby/moby/api/types/container"
	docker "github.com/moby/moby/client"
)

// TestDockerAbandoned meets what a deployment leaves that was killed: while it
// may still be at work nobody interferes, and then it is cleared away.
func TestDockerAbandoned(t *testing.T) {
	e := places()[0].endpoint(t)
	one := shared.images.push(t, "1", "")
	e.deploy(t, one, "1")
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	abandoned := revisions[0]
	abandoned.Number, abandoned.By = 2, "gone@there"
	body, err := publish.EncodeRevision(abandoned)
	if err != nil {
		t.Fatal(err)
	}
	c := shared.docker.client(t)
	next := func() string { return fmt.Sprintf("%s-r%d-next", endpointName, abandoned.Number) }
	leave := func(lasts time.Duration) {
		t.Helper()
		_, err := c.ContainerCreate(t.Context(), docker.ContainerCreateOptions{Name: next(), HostConfig: &container.HostConfig{NetworkMode: "host"}, Config: &container.Config{
			Image: one, Env: []string{"PORT=8080"}, Labels: map[string]string{
				"io.github.deployfile.endpoint": endpointName, "io.github.deployfile.revision": string(body),
				"io.github.deployfile.by": abandoned.By, "io.github.deployfile.deadline": time.Now().Add(lasts).UTC().Format(time.RFC3339),
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	// swap stops the old one, and may start the new one.
	swap := func(start bool) {
		t.Helper()
		zero := 0
		if _, err := c.ContainerStop(t.Context(), endpointName, docker.ContainerStopOptions{Timeout: &zero}); err != nil {
			t.Fatal(err)
		}
		if !start {
			return
		}
		if _, err := c.ContainerStart(t.Context(), next(), docker.ContainerStartOptions{}); err != nil {
			t.Fatal(err)
		}
	}

	leave(time.Minute)
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
	if _, err := c.ContainerRemove(t.Context(), next(), docker.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}

	// It had stopped the old one, which the next that fails starts again.
	leave(-time.Minute)
	swap(false)
	_, err = e.try(t.Context(), options(t), shared.images.push(t, "2", "crash"))
	var notReady *publish.NotReadyError
	if !errors.As(err, &notReady) || notReady.Restored != 1 {
		t.Errorf("%v", err)
	}
	e.wantVersion(t, "1")
	leave(-time.Minute)
	swap(true)
	e.deploy(t, shared.images.push(t, "2", ""), "2")
	e.wantRevisions(t, "3 1")

	// It died between two names: it was not deployed, and the one before is.
	abandoned.Number = 4
	if body, err = publish.EncodeRevision(abandoned); err != nil {
		t.Fatal(err)
	}
	leave(-time.Minute)
	swap(true)
	if _, err := c.ContainerRename(t.Context(), endpointName, docker.ContainerRenameOptions{NewName: endpointName + "-r3"}); err != nil {
		t.Fatal(err)
	}
	_, err = e.try(t.Context(), options(t), shared.images.push(t, "3", "crash"))
	if !errors.As(err, &notReady) || notReady.Restored != 3 {
		t.Errorf("%v", err)
	}
	e.wantVersion(t, "2")
	e.deploy(t, shared.images.push(t, "3", ""), "3")
	e.wantRevisions(t, "4 3 1")
	abandoned.Number = 5
	if body, err = publish.EncodeRevision(abandoned); err != nil {
		t.Fatal(err)
	}
	leave(-time.Minute)
}

// TestDockerForeign meets a container of the endpoint's name that someone else
// has made.
func TestDockerForeign(t *testing.T) {
	e := places()[0].endpoint(t)
	image := shared.images.push(t, "1", "")
	e.deploy(t, image, "1")
	c, err := docker.New(docker.WithHost(shared.docker.address))
	if err != nil {
		t.Fatal(err)
	}
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
		// While the other container had it, nobody could remove it.
		if _, err := c.ImageRemove(context.Background(), image, docker.ImageRemoveOptions{PruneChildren: true}); err != nil {
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
	_, err = e.try(t.Context(), options(t), image)
	var conflict *publish.ConflictError
	if !errors.As(err, &conflict) || conflict.Object != "container "+endpointName {
		t.Errorf("%v", err)
	}
	o := options(t)
	o.ForceConflicts, o.DryRun = true, true
	planned, err := e.try(t.Context(), o, image)
	if err != nil || len(planned.Changes) != 1 || len(planned.Changes[0].Conflicts) != 1 {
		t.Errorf("planned: %+v, %v", planned, err)
	}
	o.DryRun = false
	if _, err := e.try(t.Context(), o, image); err != nil {
		t.Error(err)
	}
	e.wantVersion(t, "1")
	for _, line := range shared.docker.there(t) {
		if kind, name := strings.Fields(line)[0], strings.Fields(line)[1]; kind == "container" && name != endpointName {
			rename(name, "other")
		}
	}
}
