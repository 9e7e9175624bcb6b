package containerd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/core/runtime/restart"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/google/uuid"
	"github.com/opencontainers/runtime-spec/specs-go"
	"google.golang.org/protobuf/types/known/anypb"
)

// cfsPeriod is the time in microseconds over which the use of CPUs is limited.
const cfsPeriod = 100_000

// spec is what the runtime is told of a container; networkNamespace is "" for
// the machine's own network.
func spec(c *manifests.Container, image client.Image, networkNamespace string) []oci.SpecOpts {
	out := []oci.SpecOpts{
		oci.WithDefaultUnixDevices,
		withImage(image, c.User),
		oci.WithEnv(serving.Environment(c)),
		oci.WithHostResolvconf,
		// Libraries look there for how many threads are worth while.
		oci.WithMounts([]specs.Mount{{
			Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup",
			Options: []string{"ro", "nosuid", "noexec", "nodev"},
		}}),
		oci.WithCapabilities(nil),
		// The Linux kernel's defaults allow more than a server needs.
		seccomp.WithDefaultProfile(),
	}
	if c.ReadOnly {
		out = append(out, oci.WithRootFSReadonly())
	}
	if c.NoNewPrivileges {
		out = append(out, oci.WithNoNewPrivileges)
	}
	for _, folder := range c.Tmpfs {
		out = append(out, oci.WithMounts([]specs.Mount{{
			Destination: folder, Type: "tmpfs", Source: "tmpfs",
			// Some libraries compile code, and load it from there.
			Options: []string{"rw", "exec", "nosuid", "nodev", "mode=1777"},
		}}))
	}
	if n := c.Resources.Millicores; n > 0 {
		out = append(out, oci.WithCPUCFS(n*cfsPeriod/1000, cfsPeriod))
	}
	if n := c.Resources.Memory; n > 0 {
		// Memory is a limit, not an invitation to swap.
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

// create makes a container of the endpoint, which may have a revision.
func (p *Publisher) create(ctx context.Context, id string, c *manifests.Container, image client.Image, labels map[string]string, r *publish.Revision) (*record, error) {
	ctx = p.in(context.WithoutCancel(ctx))
	// Names of snapshots say nothing, so that only that of the container can be
	// taken.
	snapshot := id + "-" + uuid.NewString()
	all := maps.Clone(c.Labels)
	maps.Copy(all, labels)
	all[serving.LabelEndpoint] = p.endpoint
	options := []client.NewContainerOpts{
		client.WithImage(image),
		client.WithNewSnapshot(snapshot, image),
		client.WithContainerLabels(all),
		client.WithImageStopSignal(image, "SIGTERM"),
		client.WithNewSpec(spec(c, image, labels[labelNetwork])...),
	}
	if r != nil {
		body, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithContainerExtension(extension, &anypb.Any{TypeUrl: extension, Value: body}))
	}
	// Until the container has it, nothing else keeps its file system.
	ctx, done, err := p.client.WithLease(ctx)
	if err != nil {
		return nil, fmt.Errorf("create container %s: %w", id, err)
	}
	defer func() { _ = done(ctx) }()
	made, err := p.client.NewContainer(ctx, id, options...)
	if err != nil {
		err = fmt.Errorf("create container %s: %w", id, err)
		if undone := p.client.SnapshotService("").Remove(ctx, snapshot); undone != nil && !errdefs.IsNotFound(undone) {
			err = errors.Join(err, undone)
		}
		return nil, err
	}
	return p.read(ctx, made)
}

// recorded are the labels of a container whose revision is being deployed.
func recorded(r publish.Revision, limit time.Duration, brought bool) map[string]string {
	out := serving.Labels(r, limit, brought)
	out[labelPhase] = phaseApplying
	return out
}

// label sets a label.
func (p *Publisher) label(ctx context.Context, r *record, key, value string) error {
	_, err := r.SetLabels(p.in(context.WithoutCancel(ctx)), map[string]string{key: value})
	if err != nil {
		return fmt.Errorf("container %s: %w", r.ID(), err)
	}
	r.info.Labels[key] = value
	return nil
}

// watch has containerd's restart monitor start the container's server whenever
// it ends; unwatch ends that.
func (p *Publisher) watch(ctx context.Context, r *record) error {
	policy, err := restart.NewPolicy(r.wanted.Restart)
	if err != nil {
		return err
	}
	log, err := cio.LogURIGenerator("file", p.logFile(r.ID()), nil)
	if err != nil {
		return err
	}
	return p.update(ctx, r, restart.WithPolicy(policy), restart.WithLogURI(log), restart.WithStatus(client.Running))
}

func (p *Publisher) unwatch(ctx context.Context, r *record) error {
	return p.update(ctx, r, restart.WithNoRestarts)
}

func (p *Publisher) update(ctx context.Context, r *record, changes ...func(context.Context, *client.Client, *containers.Container) error) error {
	var options []client.UpdateContainerOpts
	for _, change := range changes {
		options = append(options, change)
	}
	if err := r.Update(p.in(context.WithoutCancel(ctx)), options...); err != nil {
		return fmt.Errorf("container %s: %w", r.ID(), err)
	}
	return nil
}
