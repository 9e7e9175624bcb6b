package containerd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/runtime/restart"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
)

// host is the containers.Host of an endpoint.
type host struct {
	endpoint string
	client   *client.Client
	state    string
	network  *network
}

var _ containers.Host = (*host)(nil)

// cniNetwork is the network of a target that wants one.
const cniNetwork = "cni"

// Check implements containers.Host.
func (h *host) Check(c *manifests.Container) error {
	if c.Network != manifests.HostNetwork && c.Network != cniNetwork {
		return fmt.Errorf("network %q: it must be %q or %q", c.Network, manifests.HostNetwork, cniNetwork)
	}
	return nil
}

// OnMachine implements containers.Host.
func (h *host) OnMachine(c *manifests.Container) bool { return c.Network == manifests.HostNetwork }

// Exclusive implements containers.Host: on a CNI network the port leads to the old
// container until that releases it.
func (h *host) Exclusive(c *manifests.Container) bool { return h.OnMachine(c) }

// Unmanaged implements containers.Host: the namespace is deployfile's own.
func (h *host) Unmanaged(context.Context) (*containers.Unmanaged, error) { return nil, nil }

// LiveName implements containers.Host.
func (h *host) LiveName(r publish.Record) string { return containers.Numbered(h.endpoint, r.Number) }

func (h *host) trialName(r publish.Record) string { return containers.TrialName(h.endpoint, r.Number) }

// Live implements containers.Host.
func (h *host) Live(c *manifests.Container) string {
	return fmt.Sprintf("http://127.0.0.1:%d", containers.Outside(c))
}

// At implements containers.Host. On a CNI network it returns the container's own
// address, because the port of the machine may still lead to the old one.
func (h *host) At(ctx context.Context, r publish.Record, c *manifests.Container) (string, error) {
	if c.Network != cniNetwork {
		return h.Live(c), nil
	}
	held, err := h.load(ctx, h.LiveName(r))
	if err != nil || held == nil {
		return "", err
	}
	address, _, _ := strings.Cut(held.info.Labels[labelAddress], "/")
	return fmt.Sprintf("http://%s:%d", address, c.Port), nil
}

// State implements containers.Host.
func (h *host) State(ctx context.Context, r publish.Record) (*containers.State, error) {
	return h.stateOf(ctx, h.LiveName(r))
}

// TrialState implements containers.Host.
func (h *host) TrialState(ctx context.Context, r publish.Record) (*containers.State, error) {
	return h.stateOf(ctx, h.trialName(r))
}

func (h *host) stateOf(ctx context.Context, id string) (*containers.State, error) {
	c, err := h.load(ctx, id)
	if err != nil || c == nil {
		return nil, err
	}
	s, ok, err := h.status(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &containers.State{Name: id, Image: c.info.Image, Running: ok && s.Status == client.Running}
	// The monitor begins to count at the first restart.
	out.Restarts, _ = strconv.Atoi(c.info.Labels[restart.CountLabel])
	switch {
	case !ok:
		out.Message = "stopped"
	case s.Status == client.Stopped:
		out.Ended = fmt.Errorf("the server ended with exit code %d%s", s.ExitStatus, explain(s.ExitStatus))
	case !out.Running:
		out.Message = string(s.Status)
	}
	return out, nil
}

// Try implements containers.Host.
func (h *host) Try(ctx context.Context, r publish.Record, c manifests.Container) (string, error) {
	if err := containers.MoveAway(&c); err != nil {
		return "", err
	}
	made, err := h.create(ctx, h.trialName(r), &c, map[string]string{}, nil)
	if err != nil {
		return "", err
	}
	return h.Live(&c), h.start(ctx, made)
}

// EndTrial implements containers.Host.
func (h *host) EndTrial(ctx context.Context, r publish.Record) error {
	return h.removeNamed(ctx, h.trialName(r))
}

// Start implements containers.Host.
func (h *host) Start(ctx context.Context, r publish.Record) error {
	c, err := h.need(ctx, r)
	if err != nil {
		return err
	}
	return h.start(ctx, c)
}

// Stop implements containers.Host.
func (h *host) Stop(ctx context.Context, r publish.Record) error {
	c, err := h.need(ctx, r)
	if err != nil {
		return err
	}
	if err := h.unwatch(ctx, c); err != nil {
		return err
	}
	if err := h.network.closePort(ctx, c); err != nil {
		return err
	}
	if err := h.stop(ctx, c); err != nil {
		return err
	}
	return h.network.detach(ctx, c)
}

// ReleasePort implements containers.Host.
func (h *host) ReleasePort(ctx context.Context, r publish.Record) error {
	c, err := h.need(ctx, r)
	if err != nil || c.info.Labels[labelNetwork] == "" {
		return err
	}
	// First, because Resume must know of it if this process dies.
	if err := h.label(ctx, c, map[string]string{labelPort: released}); err != nil {
		return err
	}
	return h.network.closePort(ctx, c)
}

// Resume implements containers.Host.
func (h *host) Resume(ctx context.Context, r publish.Record, run bool) error {
	if !run {
		return nil
	}
	c, err := h.need(ctx, r)
	if err != nil {
		return err
	}
	if err := errors.Join(h.start(ctx, c), h.watch(ctx, c)); err != nil {
		return err
	}
	// Only now: a port that leads to nothing takes the requests of one that serves.
	if c.info.Labels[labelPort] != released {
		return nil
	}
	if err := h.network.openPort(ctx, c); err != nil {
		return err
	}
	return h.label(ctx, c, map[string]string{labelPort: ""})
}

// Remove implements containers.Host.
func (h *host) Remove(ctx context.Context, r publish.Record) error {
	c, err := h.load(ctx, h.LiveName(r))
	if err != nil || c == nil || c.Attempt != r.Attempt {
		return err
	}
	// The monitor would restart it meanwhile.
	if err := h.unwatch(ctx, c); err != nil {
		return err
	}
	return h.remove(ctx, c)
}

// need returns the container of a record, which must exist.
func (h *host) need(ctx context.Context, r publish.Record) (*held, error) {
	c, err := h.load(ctx, h.LiveName(r))
	if err == nil && c == nil {
		err = fmt.Errorf("container %s is gone", h.LiveName(r))
	}
	return c, err
}

// Containers implements containers.Host.
func (h *host) Containers(ctx context.Context) ([]containers.Container, error) {
	all, err := h.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []containers.Container
	for _, c := range all {
		out = append(out, containers.Container{Name: c.ID(), Image: c.info.Image, Shows: c.info.Image, Brought: c.Facts[containers.FactBrought] != ""})
	}
	return out, nil
}

// Destroy implements containers.Host.
func (h *host) Destroy(ctx context.Context, gone containers.Container) error {
	c, err := h.load(ctx, gone.Name)
	if err != nil || c == nil {
		return err
	}
	if err := h.unwatch(ctx, c); err != nil {
		return err
	}
	if err := h.stop(ctx, c); err != nil {
		return err
	}
	return h.remove(ctx, c)
}

// Close implements containers.Host.
func (h *host) Close() error { return h.client.Close() }
