package containerd

import (
	"context"
	"fmt"
	"strconv"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cdi"
	"github.com/containerd/containerd/v2/pkg/oci"
)

// withGPUs gives a container the first n GPUs of the machine, by their names in the
// Container Device Interface, which NVIDIA's specification in /etc/cdi (made by
// nvidia-ctk cdi generate) lists.
func withGPUs(n int) oci.SpecOpts {
	var names []string
	for i := range n {
		names = append(names, "nvidia.com/gpu="+strconv.Itoa(i))
	}
	inject := cdi.WithCDIDevices(names...)
	return func(ctx context.Context, c oci.Client, container *containers.Container, s *oci.Spec) error {
		if err := inject(ctx, c, container, s); err != nil {
			return fmt.Errorf("%w: describe the machine's GPUs with nvidia-ctk cdi generate", err)
		}
		return nil
	}
}
