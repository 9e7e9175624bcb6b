package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/moby/moby/api/types/container"
	engine "github.com/moby/moby/client"
)

// settleLimit is how long the engine may take between reserving a name and showing the
// container.
const settleLimit = 10 * time.Second

// store is the publish.Store of an endpoint. The record of revision N is its container:
// ENDPOINT-rN-next during the rollout, so the engine lets only one client create it,
// then ENDPOINT, and ENDPOINT-rN once the next revision is deployed. Labels of a
// container cannot be changed, so its name is its phase, and its deadline is fixed.
type store struct{ *host }

var (
	_ publish.Store = store{}
	_ publish.Clock = store{}
)

// Lease implements publish.Store.
func (store) Lease() time.Duration { return 0 }

// Now implements publish.Clock: it is the time that the engine's clock shows.
func (s store) Now(ctx context.Context) (time.Time, error) { return s.now(ctx) }

// List implements publish.Store.
func (s store) List(ctx context.Context) ([]publish.Record, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Record
	for _, c := range all {
		r, ok, err := s.read(nameOf(c), c.Labels)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if r.Phase == publish.Applying {
			if r.Phase, err = s.progress(ctx, r); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// read reads the record of a container; ok is false if it does not have one.
func (s store) read(name string, labels map[string]string) (r publish.Record, ok bool, err error) {
	r, err = containers.Decode([]byte(labels[labelRevision]), labels)
	_, numbered := containers.Number(s.endpoint, name)
	switch {
	case name == s.endpoint, numbered:
		r.Phase, r.Deadline = publish.Deployed, time.Time{}
	case labels[labelRevision] != "" && name == s.nextName(r):
		r.Phase = publish.Applying
	default:
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("label %s of container %s: %w: remove the container if it is not deployfile's", labelRevision, name, err)
	}
	return r, true, nil
}

// progress returns the phase of a rollout under way: switching if the deployed
// container stopped after the rollout began, or has lost its name.
func (s store) progress(ctx context.Context, r publish.Record) (publish.Phase, error) {
	next, err := s.inspect(ctx, s.nextName(r))
	if err != nil || next == nil {
		return publish.Applying, err
	}
	current, err := s.inspect(ctx, s.endpoint)
	if err != nil {
		return publish.Applying, err
	}
	if current == nil || !current.State.Running && after(current.State.FinishedAt, next.Created) {
		return publish.Switching, nil
	}
	return publish.Applying, nil
}

// after reports whether one time of the engine's is after another.
func after(a, b string) bool {
	first, err := time.Parse(time.RFC3339Nano, b)
	if err != nil {
		return false
	}
	second, err := time.Parse(time.RFC3339Nano, a)
	return err == nil && second.After(first)
}

// Create implements publish.Store.
func (s store) Create(ctx context.Context, r publish.Record) error {
	wanted, err := manifests.ParseContainer(r.Documents)
	if err != nil {
		return err
	}
	o, err := settings(wanted)
	if err != nil {
		return err
	}
	body, err := publish.EncodeRevision(r.Revision)
	if err != nil {
		return err
	}
	maps.Copy(o.Config.Labels, containers.Labels(r))
	o.Config.Labels[labelRevision] = string(body)
	o.Name = s.nextName(r)
	err = s.create(ctx, o)
	if errdefs.IsConflict(err) {
		return s.taken(ctx, o.Name, err)
	}
	return err
}

// taken waits until the container that has a name is visible.
func (s store) taken(ctx context.Context, name string, cause error) error {
	for began := time.Now(); time.Since(began) < settleLimit; {
		c, err := s.inspect(ctx, name)
		switch {
		case err != nil:
			return err
		case c != nil && !s.ours(c):
			return &publish.ConflictError{Object: "container " + name, Details: []string{"it was not made by deployfile"}}
		case c != nil:
			return fmt.Errorf("%w: %w", publish.ErrExists, cause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(containers.Pause):
		}
	}
	return fmt.Errorf("%w: %w", publish.ErrExists, cause)
}

// Update implements publish.Store. A deployed container takes over the name of the
// previous one, and its restart policy.
func (s store) Update(ctx context.Context, r publish.Record) error {
	next, err := s.find(ctx, r)
	switch {
	case err != nil:
		return err
	case next == nil:
		return fmt.Errorf("container %s: %w", s.nextName(r), publish.ErrGone)
	case r.Phase == publish.Failed:
		return errors.New("a container cannot be marked")
	case r.Phase != publish.Deployed || trimmed(next) == s.endpoint:
		return nil
	}
	old, err := s.inspect(ctx, s.endpoint)
	if err != nil {
		return err
	}
	if old != nil {
		was, ok, err := s.read(s.endpoint, old.Config.Labels)
		if err != nil || !ok {
			return err
		}
		if err := s.rename(ctx, old.ID, containers.Numbered(s.endpoint, was.Number)); err != nil {
			return err
		}
		// The engine must not restart it when it starts.
		if err := s.restart(ctx, old.ID, container.RestartPolicy{Name: container.RestartPolicyDisabled}); err != nil {
			return err
		}
	}
	wanted, err := manifests.ParseContainer(r.Documents)
	if err != nil {
		return err
	}
	if err := s.restart(ctx, next.ID, restartPolicy(wanted)); err != nil {
		return err
	}
	return s.rename(ctx, next.ID, s.endpoint)
}

// Delete implements publish.Store: it removes the container, and its image if
// nothing else needs it.
func (s store) Delete(ctx context.Context, r publish.Record) error {
	c, err := s.find(ctx, r)
	if err != nil || c == nil {
		return err
	}
	if err := s.remove(ctx, c.ID); err != nil || c.Config.Labels[containers.LabelBrought] == "" {
		return err
	}
	return s.removeImage(ctx, c.Image, c.Config.Image)
}

// restart sets the restart policy of a container.
func (h *host) restart(ctx context.Context, id string, policy container.RestartPolicy) error {
	if _, err := h.client.ContainerUpdate(context.WithoutCancel(ctx), id, engine.ContainerUpdateOptions{RestartPolicy: &policy}); err != nil {
		return fmt.Errorf("restart policy of container %s: %w", id, err)
	}
	return nil
}
