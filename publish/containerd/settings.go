package containerd

import (
	"context"
	"errors"
	"fmt"
	"maps"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	ctr "github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/runtime/restart"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/google/uuid"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/anypb"
)

// cfsPeriod is the period in microseconds over which CPU use is limited.
const cfsPeriod = 100_000

// spec returns the runtime's configuration of a container; networkNamespace is "" for
// the machine's own network.
func spec(c *manifests.Container, image client.Image, networkNamespace string) []oci.SpecOpts {
	out := []oci.SpecOpts{
		oci.WithDefaultUnixDevices,
		withImage(image, c.User),
		oci.WithEnv(containers.Environment(c)),
		oci.WithHostResolvconf,
		// Libraries read the number of useful threads from there.
		oci.WithMounts([]specs.Mount{{
			Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup",
			Options: []string{"ro", "nosuid", "noexec", "nodev"},
		}}),
		oci.WithCapabilities(nil),
		// The kernel's defaults allow more than a server needs.
		seccomp.WithDefaultProfile(),
	}
	if c.ReadOnly {
		out = append(out, oci.WithRootFSReadonly())
	}
	if c.NoNewPrivileges {
		out = append(out, oci.WithNoNewPrivileges)
	}
	for _, dir := range c.Tmpfs {
		out = append(out, oci.WithMounts([]specs.Mount{{
			Destination: dir, Type: "tmpfs", Source: "tmpfs",
			// Some libraries compile code there and load it.
			Options: []string{"rw", "exec", "nosuid", "nodev", "mode=1777"},
		}}))
	}
	if n := c.Resources.Millicores; n > 0 {
		out = append(out, oci.WithCPUCFS(n*cfsPeriod/1000, cfsPeriod))
	}
	if n := c.Resources.Memory; n > 0 {
		// The memory limit must not cause swapping.
		out = append(out, oci.WithMemoryLimit(uint64(n)), oci.WithMemorySwap(n))
	}
	if n := c.Resources.GPUs; n > 0 {
		out = append(out, withGPUs(n))
	}
	if networkNamespace == "" {
		return append(out, oci.WithHostNamespace(specs.NetworkNamespace), oci.WithHostHostsFile)
	}
	return append(out, oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: networkNamespace}))
}

// create creates a container of the endpoint, with the record unless it is a trial.
func (h *host) create(ctx context.Context, id string, c *manifests.Container, labels map[string]string, r *publish.Record) (*held, error) {
	ctx = h.in(context.WithoutCancel(ctx))
	image, err := h.client.GetImage(ctx, c.Image)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", c.Image, err)
	}
	// Snapshots have arbitrary names, so that only the container's name can be taken.
	snapshot := id + "-" + uuid.NewString()
	all := maps.Clone(c.Labels)
	maps.Copy(all, labels)
	all[containers.LabelEndpoint] = h.endpoint
	options := []client.NewContainerOpts{
		client.WithImage(image),
		client.WithNewSnapshot(snapshot, image),
		client.WithContainerLabels(all),
		client.WithImageStopSignal(image, "SIGTERM"),
		client.WithNewSpec(spec(c, image, labels[labelNetwork])...),
	}
	if r != nil {
		body, err := publish.EncodeRevision(r.Revision)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithContainerExtension(extension, &anypb.Any{TypeUrl: extension, Value: body}))
	}
	// Until the container refers to it, only this keeps its file system.
	ctx, done, err := h.client.WithLease(ctx)
	if err != nil {
		return nil, fmt.Errorf("create container %s: %w", id, err)
	}
	defer func() { _ = done(ctx) }()
	made, err := h.client.NewContainer(ctx, id, options...)
	if err != nil {
		err = fmt.Errorf("create container %s: %w", id, err)
		if undone := h.client.SnapshotService("").Remove(ctx, snapshot); undone != nil && !errdefs.IsNotFound(undone) {
			err = errors.Join(err, undone)
		}
		return nil, err
	}
	return h.read(ctx, made)
}

// label sets labels.
func (h *host) label(ctx context.Context, r *held, labels map[string]string) error {
	if _, err := r.SetLabels(h.in(context.WithoutCancel(ctx)), labels); err != nil {
		return fmt.Errorf("container %s: %w", r.ID(), err)
	}
	return nil
}

// watch makes containerd's restart monitor restart the container's server whenever it
// exits; unwatch stops that.
func (h *host) watch(ctx context.Context, r *held) error {
	policy, err := restart.NewPolicy(r.wanted.Restart)
	if err != nil {
		return err
	}
	log, err := cio.LogURIGenerator("file", h.logFile(r.ID()), nil)
	if err != nil {
		return err
	}
	return h.update(ctx, r, restart.WithPolicy(policy), restart.WithLogURI(log), restart.WithStatus(client.Running))
}

func (h *host) unwatch(ctx context.Context, r *held) error {
	return h.update(ctx, r, restart.WithNoRestarts)
}

func (h *host) update(ctx context.Context, r *held, changes ...func(context.Context, *client.Client, *ctr.Container) error) error {
	var options []client.UpdateContainerOpts
	for _, change := range changes {
		options = append(options, change)
	}
	if err := r.Update(h.in(context.WithoutCancel(ctx)), options...); err != nil {
		return fmt.Errorf("container %s: %w", r.ID(), err)
	}
	return nil
}
