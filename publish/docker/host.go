package docker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/moby/moby/api/types/container"
	engine "github.com/moby/moby/client"
)

// host is the containers.Host of an endpoint.
type host struct {
	endpoint string
	client   *engine.Client
	reach    reach
}

var _ containers.Host = (*host)(nil)

// Check implements containers.Host.
func (h *host) Check(c *manifests.Container) error { return h.reach.check(c) }

// OnMachine implements containers.Host.
func (h *host) OnMachine(c *manifests.Container) bool { return c.Publish == nil && h.reach.local }

// Exclusive implements containers.Host.
func (h *host) Exclusive(*manifests.Container) bool { return true }

// LiveName implements containers.Host.
func (h *host) LiveName(publish.Record) string { return h.endpoint }

// nextName returns the name of a container that is not deployed yet.
func (h *host) nextName(r publish.Record) string {
	return containers.Numbered(h.endpoint, r.Number) + "-next"
}

func (h *host) trialName(r publish.Record) string { return containers.TrialName(h.endpoint, r.Number) }

// replacedName returns the new name of an unmanaged container whose name was taken.
func (h *host) replacedName(id string) string { return h.endpoint + "-replaced-" + id[:12] }

// Live implements containers.Host.
func (h *host) Live(c *manifests.Container) string {
	if c.Publish == nil {
		return h.reach.url("", c.Port)
	}
	return h.reach.url(c.Publish.Address, c.Publish.Port)
}

// At implements containers.Host.
func (h *host) At(_ context.Context, _ publish.Record, c *manifests.Container) (string, error) {
	return h.Live(c), nil
}

// Unmanaged implements containers.Host.
func (h *host) Unmanaged(ctx context.Context) (*containers.Unmanaged, error) {
	c, err := h.inspect(ctx, h.endpoint)
	if err != nil || c == nil || h.ours(c) {
		return nil, err
	}
	return &containers.Unmanaged{
		ID: c.ID, Running: c.State.Running || c.State.Restarting,
		Conflict: &publish.ConflictError{Object: "container " + h.endpoint, Details: []string{"it was not made by deployfile"}},
	}, nil
}

// State implements containers.Host.
func (h *host) State(ctx context.Context, r publish.Record) (*containers.State, error) {
	c, err := h.find(ctx, r)
	return state(c), err
}

// TrialState implements containers.Host.
func (h *host) TrialState(ctx context.Context, r publish.Record) (*containers.State, error) {
	c, err := h.inspect(ctx, h.trialName(r))
	return state(c), err
}

func state(c *container.InspectResponse) *containers.State {
	if c == nil || c.State == nil {
		return nil
	}
	s := c.State
	out := &containers.State{Name: trimmed(c), Image: c.Config.Image, Restarts: c.RestartCount, Running: s.Running || s.Restarting}
	switch {
	case s.Running && !s.Restarting:
	case s.OOMKilled:
		out.Ended = errors.New("the server needed more memory than it may have, and was ended")
	case s.Status == container.StateExited, s.Status == container.StateDead:
		message := fmt.Sprintf("the server ended with exit code %d", s.ExitCode)
		if s.Error != "" {
			message += ": " + s.Error
		}
		out.Ended = errors.New(message)
	default:
		out.Message = string(s.Status)
	}
	return out
}

// Try implements containers.Host.
func (h *host) Try(ctx context.Context, r publish.Record, c manifests.Container) (string, error) {
	c.Labels = map[string]string{containers.LabelEndpoint: h.endpoint}
	if c.Publish != nil {
		// The engine chooses the port.
		other := *c.Publish
		other.Port = 0
		if h.reach.local || h.reach.dial != nil {
			other.Address = "127.0.0.1"
		}
		c.Publish = &other
	} else if err := containers.MoveAway(&c); err != nil {
		return "", err
	}
	o, err := settings(&c)
	if err != nil {
		return "", err
	}
	o.Name = h.trialName(r)
	if err := h.create(ctx, o); err != nil {
		return "", err
	}
	if err := h.start(ctx, o.Name); err != nil {
		return "", err
	}
	return h.trialURL(ctx, o.Name, &c)
}

// trialURL returns the URL of a trial, "" if it has exited already.
func (h *host) trialURL(ctx context.Context, name string, c *manifests.Container) (string, error) {
	if c.Publish == nil {
		return h.reach.url("", c.Port), nil
	}
	inside, err := portOf(c.Port)
	if err != nil {
		return "", err
	}
	got, err := h.inspect(ctx, name)
	if err != nil {
		return "", err
	}
	if s := state(got); s == nil || s.Ended != nil {
		return h.reach.url(c.Publish.Address, 0), nil
	}
	bindings := got.NetworkSettings.Ports[inside]
	if len(bindings) == 0 {
		return "", fmt.Errorf("container %s has no port: is %q a network whose ports can be published?", name, c.Network)
	}
	port, err := strconv.Atoi(bindings[0].HostPort)
	if err != nil {
		return "", err
	}
	return h.reach.url(c.Publish.Address, port), nil
}

// EndTrial implements containers.Host.
func (h *host) EndTrial(ctx context.Context, r publish.Record) error {
	return h.remove(ctx, h.trialName(r))
}

// Start implements containers.Host.
func (h *host) Start(ctx context.Context, r publish.Record) error {
	c, err := h.need(ctx, r)
	if err != nil {
		return err
	}
	return h.start(ctx, c.ID)
}

// Stop implements containers.Host. An unmanaged container also loses its name.
func (h *host) Stop(ctx context.Context, r publish.Record) error {
	c, err := h.need(ctx, r)
	if err != nil {
		return err
	}
	if r.Number == 0 && trimmed(c) == h.endpoint {
		if err := h.rename(ctx, c.ID, h.replacedName(c.ID)); err != nil {
			return err
		}
		if err := h.restart(ctx, c.ID, container.RestartPolicy{Name: container.RestartPolicyDisabled}); err != nil {
			return err
		}
	}
	return h.stop(ctx, c.ID)
}

// ReleasePort implements containers.Host: no two containers share one.
func (h *host) ReleasePort(context.Context, publish.Record) error { return nil }

// Resume implements containers.Host.
func (h *host) Resume(ctx context.Context, r publish.Record, run bool) error {
	c, err := h.need(ctx, r)
	if err != nil {
		return err
	}
	if trimmed(c) != h.endpoint {
		policy := container.RestartPolicy{Name: container.RestartPolicyDisabled}
		if r.Number > 0 {
			wanted, err := manifests.ParseContainer(r.Documents)
			if err != nil {
				return err
			}
			policy = restartPolicy(wanted)
		}
		if err := h.restart(ctx, c.ID, policy); err != nil {
			return err
		}
		if err := h.rename(ctx, c.ID, h.endpoint); err != nil {
			return err
		}
	}
	if !run {
		return nil
	}
	// It may run already.
	return h.start(ctx, c.ID)
}

// Remove implements containers.Host.
func (h *host) Remove(ctx context.Context, r publish.Record) error {
	c, err := h.find(ctx, r)
	if err != nil || c == nil {
		return err
	}
	return h.remove(ctx, c.ID)
}

// Containers implements containers.Host.
func (h *host) Containers(ctx context.Context) ([]containers.Container, error) {
	all, err := h.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []containers.Container
	for _, c := range all {
		out = append(out, containers.Container{Name: nameOf(c), Image: c.Image, Shows: c.ImageID, Brought: c.Labels[containers.LabelBrought] != ""})
	}
	return out, nil
}

// Destroy implements containers.Host.
func (h *host) Destroy(ctx context.Context, c containers.Container) error {
	if err := h.stop(ctx, c.Name); err != nil {
		return err
	}
	return h.remove(ctx, c.Name)
}

// Close implements containers.Host.
func (h *host) Close() error { return h.client.Close() }

// now returns the time of the engine's clock, so that the clocks of deploying machines
// do not matter.
func (h *host) now(ctx context.Context) (time.Time, error) {
	r, err := h.client.Info(ctx, engine.InfoOptions{})
	if err != nil {
		return time.Time{}, fmt.Errorf("the engine's clock: %w", err)
	}
	now, err := time.Parse(time.RFC3339Nano, r.Info.SystemTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("the engine's clock: %w", err)
	}
	return now, nil
}
