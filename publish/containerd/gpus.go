package containerd

import (
	"strconv"

	"github.com/containerd/containerd/v2/pkg/cdi"
	"github.com/containerd/containerd/v2/pkg/oci"
)

// withGPUs gives a container the first n GPUs of the machine, by the names that
// NVIDIA's description of them (/etc/cdi, made by nvidia-ctk cdi generate) has
// in the Container Device Interface.
func withGPUs(n int) oci.SpecOpts {
	var names []string
	for i := range n {
		names = append(names, "nvidia.com/gpu="+strconv.Itoa(i))
	}
	return cdi.WithCDIDevices(names...)
}
