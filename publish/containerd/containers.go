package containerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	client "github.com/containerd/containerd/v2/client"
	ctr "github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
)

// The labels of a container's record beside those that all engines have.
const (
	// labelPhase has the phase of the rollout.
	labelPhase = imagespec.LabelPrefix + "phase"
	// labelNetwork has the network namespace of a container on a CNI network,
	// labelAddress its IP address there with the length of its network's prefix.
	labelNetwork = imagespec.LabelPrefix + "network"
	labelAddress = imagespec.LabelPrefix + "address"
	// labelPort is released for a container that had to release its port of the machine.
	labelPort = imagespec.LabelPrefix + "port"
)

// released is a value of labelPort.
const released = "released"

// extension is the name and the type of the revision in a container's record:
// labels have no room for it.
const extension = imagespec.LabelPrefix + "revision"

// held is a container of the endpoint.
type held struct {
	client.Container
	info ctr.Container
	// Record is the container's record unless it is a trial, wanted the settings that
	// the record was rendered to.
	publish.Record
	wanted *manifests.Container
}

// all lists the endpoint's containers, newest revision first.
func (h *host) all(ctx context.Context) ([]held, error) {
	list, err := h.client.Containers(h.in(ctx), fmt.Sprintf("labels.%q==%q", containers.LabelEndpoint, h.endpoint))
	if err != nil {
		return nil, fmt.Errorf("list the containers of %s: %w", h.endpoint, err)
	}
	var out []held
	for _, c := range list {
		r, err := h.read(ctx, c)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b held) int { return b.Number - a.Number })
	return out, nil
}

// read reads what is recorded with a container.
func (h *host) read(ctx context.Context, c client.Container) (*held, error) {
	info, err := c.Info(h.in(ctx))
	if err != nil {
		return nil, fmt.Errorf("container %s: %w", c.ID(), err)
	}
	r := &held{Container: c, info: info}
	body, ok := info.Extensions[extension]
	if !ok {
		return r, nil
	}
	if r.Record, err = containers.Decode(body.GetValue(), info.Labels); err != nil {
		return nil, fmt.Errorf("container %s: %w", c.ID(), err)
	}
	r.Phase = publish.Phase(info.Labels[labelPhase])
	if r.wanted, err = manifests.ParseContainer(r.Documents); err != nil {
		return nil, fmt.Errorf("container %s: %w", c.ID(), err)
	}
	return r, nil
}

// load returns nil if there is no such container.
func (h *host) load(ctx context.Context, id string) (*held, error) {
	c, err := h.client.LoadContainer(h.in(ctx), id)
	if err == nil {
		var r *held
		if r, err = h.read(ctx, c); err == nil {
			return r, nil
		}
	}
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	return nil, fmt.Errorf("container %s: %w", id, err)
}

// status returns the status of a container's server; ok is false if it has no server.
func (h *host) status(ctx context.Context, c client.Container) (s client.Status, ok bool, err error) {
	task, err := c.Task(h.in(ctx), nil)
	if err == nil {
		if s, err = task.Status(h.in(ctx)); err == nil {
			return s, true, nil
		}
	}
	if errdefs.IsNotFound(err) {
		return s, false, nil
	}
	return s, false, fmt.Errorf("container %s: %w", c.ID(), err)
}

// explain describes what an exit code usually means.
func explain(code uint32) string {
	if code == 128+uint32(syscall.SIGKILL) {
		return " (it was killed, perhaps for using more memory than it may)"
	}
	return ""
}

// start starts a container's server unless it runs. Like all functions here that change
// something, it completes even if ctx ends, so that nothing is left half done.
func (h *host) start(asked context.Context, c client.Container) error {
	ctx := h.in(context.WithoutCancel(asked))
	if s, ok, err := h.status(ctx, c); err != nil || ok && s.Status == client.Running {
		return err
	}
	if err := h.stop(ctx, c); err != nil {
		return err
	}
	log := h.logFile(c.ID())
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return err
	}
	task, err := c.NewTask(ctx, cio.LogFile(log))
	if err != nil {
		return fmt.Errorf("start container %s: %w", c.ID(), err)
	}
	if err := task.Start(ctx); err != nil {
		_, undone := task.Delete(ctx, client.WithProcessKill)
		return errors.Join(fmt.Errorf("start container %s: %w", c.ID(), err), undone)
	}
	return asked.Err()
}

// stop stops the server gracefully, and kills it if it takes too long.
func (h *host) stop(asked context.Context, c client.Container) error {
	ctx := h.in(context.WithoutCancel(asked))
	fail := func(err error) error {
		if errdefs.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("stop container %s: %w", c.ID(), err)
	}
	task, err := c.Task(ctx, nil)
	if err != nil {
		return fail(err)
	}
	if s, err := task.Status(ctx); err != nil {
		return fail(err)
	} else if s.Status == client.Running {
		exited, err := task.Wait(ctx)
		if err != nil {
			return fail(err)
		}
		signal, err := client.GetStopSignal(ctx, c, syscall.SIGTERM)
		if err != nil {
			return fail(err)
		}
		if err := task.Kill(ctx, signal); err != nil {
			return fail(err)
		}
		select {
		case <-exited:
		case <-time.After(publish.StopLimit):
		}
	}
	if _, err := task.Delete(ctx, client.WithProcessKill); err != nil {
		return fail(err)
	}
	return asked.Err()
}

// remove removes a container and everything that belongs to it, without a graceful
// stop.
func (h *host) remove(ctx context.Context, r *held) error {
	ctx = h.in(context.WithoutCancel(ctx))
	fail := func(err error) error { return fmt.Errorf("remove container %s: %w", r.ID(), err) }
	if task, err := r.Task(ctx, nil); err == nil {
		if _, err := task.Delete(ctx, client.WithProcessKill); err != nil && !errdefs.IsNotFound(err) {
			return fail(err)
		}
	} else if !errdefs.IsNotFound(err) {
		return fail(err)
	}
	if err := h.network.detach(ctx, r); err != nil {
		return fail(err)
	}
	if err := r.Delete(ctx, client.WithSnapshotCleanup); err != nil && !errdefs.IsNotFound(err) {
		return fail(err)
	}
	if err := h.removeLog(r.ID()); err != nil {
		return fail(err)
	}
	return nil
}

// removeNamed removes a container by name, if it exists.
func (h *host) removeNamed(ctx context.Context, id string) error {
	r, err := h.load(context.WithoutCancel(ctx), id)
	if err != nil || r == nil {
		return err
	}
	return h.remove(ctx, r)
}
