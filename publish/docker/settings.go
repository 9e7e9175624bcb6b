package docker

import (
	"fmt"
	"maps"
	"net/netip"
	"strconv"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	engine "github.com/moby/moby/client"
)

// labelRevision has the revision as JSON, with its state and documents. A trial does
// not have it.
const labelRevision = imagespec.LabelPrefix + "revision"

// settings are the engine's arguments to create a container.
func settings(c *manifests.Container) (engine.ContainerCreateOptions, error) {
	seconds := int(publish.StopLimit.Seconds())
	config := &container.Config{
		Image:       c.Image,
		User:        c.User,
		Env:         containers.Environment(c),
		Labels:      maps.Clone(c.Labels),
		StopTimeout: &seconds,
	}
	host := &container.HostConfig{
		NetworkMode: container.NetworkMode(c.Network),
		// Until it is ready; then restartPolicy.
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
		ReadonlyRootfs: c.ReadOnly,
		CapDrop:        c.DropCapabilities,
		Resources: container.Resources{
			NanoCPUs: c.Resources.Millicores * 1e6,
			Memory:   c.Resources.Memory,
			// The memory limit must not cause swapping.
			MemorySwap: c.Resources.Memory,
		},
	}
	if c.NoNewPrivileges {
		host.SecurityOpt = []string{"no-new-privileges"}
	}
	if n := c.Resources.GPUs; n > 0 {
		host.DeviceRequests = []container.DeviceRequest{{Count: n, Capabilities: [][]string{{"gpu"}}}}
	}
	for _, folder := range c.Tmpfs {
		if host.Tmpfs == nil {
			host.Tmpfs = map[string]string{}
		}
		// Some libraries compile code there and load it.
		host.Tmpfs[folder] = "rw,exec,nosuid,nodev"
	}
	if c.Publish != nil {
		inside, err := portOf(c.Port)
		if err != nil {
			return engine.ContainerCreateOptions{}, err
		}
		binding := network.PortBinding{HostPort: strconv.Itoa(c.Publish.Port)}
		if c.Publish.Address != "" {
			if binding.HostIP, err = netip.ParseAddr(c.Publish.Address); err != nil {
				return engine.ContainerCreateOptions{}, fmt.Errorf("address: %w: it must be an IP address of the engine's machine", err)
			}
		}
		config.ExposedPorts = network.PortSet{inside: {}}
		host.PortBindings = network.PortMap{inside: {binding}}
	}
	return engine.ContainerCreateOptions{Config: config, HostConfig: host}, nil
}

// restartPolicy returns the policy of a deployed container.
func restartPolicy(c *manifests.Container) container.RestartPolicy {
	return container.RestartPolicy{Name: container.RestartPolicyMode(c.Restart)}
}

func portOf(n int) (network.Port, error) {
	if n < 1 || n > 65535 {
		return network.Port{}, fmt.Errorf("invalid port %d: give one from 1 to 65535", n)
	}
	port, _ := network.PortFrom(uint16(n), network.TCP)
	return port, nil
}
