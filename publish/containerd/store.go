package containerd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/containerd/v2/pkg/netns"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
)

// store is the publish.Store of an endpoint. The container ENDPOINT-rN is the record of
// revision N, and containerd lets only one client create it. Its labels have the phase.
type store struct{ *host }

var (
	_ publish.Store = store{}
	_ publish.Clock = store{}
)

// lease is how long a rollout holds its lock without renewing it.
const lease = 30 * time.Second

// Lease implements publish.Store.
func (store) Lease() time.Duration { return lease }

// Now implements publish.Clock: all users of containerd's socket are on this machine.
func (store) Now(context.Context) (time.Time, error) { return time.Now(), nil }

// List implements publish.Store.
func (s store) List(ctx context.Context) ([]publish.Record, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Record
	for _, r := range all {
		if r.wanted != nil {
			out = append(out, r.Record)
		}
	}
	return out, nil
}

// Create implements publish.Store: it creates the container and connects it to the
// network.
func (s store) Create(ctx context.Context, r publish.Record) error {
	wanted, err := manifests.ParseContainer(r.Documents)
	if err != nil {
		return err
	}
	ctx = s.in(context.WithoutCancel(ctx))
	id := containers.Numbered(s.endpoint, r.Number)
	labels := containers.Labels(r)
	labels[labelPhase] = string(r.Phase)
	if wanted.Network == cniNetwork {
		namespace, err := netns.NewNetNS(namespaceDir)
		if err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		labels[labelNetwork] = namespace.GetPath()
	}
	made, err := s.create(ctx, id, wanted, labels, &r)
	if err != nil {
		if labels[labelNetwork] != "" {
			err = errors.Join(err, netns.LoadNetNS(labels[labelNetwork]).Remove())
		}
		if errdefs.IsAlreadyExists(err) {
			return fmt.Errorf("%w: %w", publish.ErrExists, err)
		}
		return &publish.NotReadyError{Reason: err.Error()}
	}
	if labels[labelNetwork] == "" {
		return nil
	}
	// Not before: the network identifies containers by their names.
	address, err := s.network.attach(ctx, id, labels[labelNetwork], wanted)
	if err != nil {
		return &publish.NotReadyError{Reason: err.Error()}
	}
	return s.label(ctx, made, map[string]string{labelAddress: address})
}

// Update implements publish.Store. A deployed container is restarted whenever it exits.
func (s store) Update(ctx context.Context, r publish.Record) error {
	c, err := s.record(ctx, r)
	if err != nil {
		return err
	}
	if c == nil {
		return fmt.Errorf("container %s: %w", containers.Numbered(s.endpoint, r.Number), publish.ErrGone)
	}
	if r.Phase == publish.Deployed && c.Phase != publish.Deployed {
		if err := s.watch(ctx, c); err != nil {
			return err
		}
	}
	return s.label(ctx, c, map[string]string{labelPhase: string(r.Phase), containers.LabelDeadline: containers.Deadline(r.Deadline)})
}

// Delete implements publish.Store: it removes the container, and its image if
// nothing else needs it.
func (s store) Delete(ctx context.Context, r publish.Record) error {
	c, err := s.record(ctx, r)
	if err != nil || c == nil {
		return err
	}
	if err := s.remove(ctx, c); err != nil || c.Facts[containers.FactBrought] == "" {
		return err
	}
	return s.RemoveImage(ctx, c.info.Image)
}

// record returns the container of a record, nil if it is gone or belongs to another
// attempt.
func (s store) record(ctx context.Context, r publish.Record) (*held, error) {
	c, err := s.load(ctx, containers.Numbered(s.endpoint, r.Number))
	if err != nil || c == nil || c.Attempt != r.Attempt {
		return nil, err
	}
	return c, nil
}
