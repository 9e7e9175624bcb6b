package containerd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/pkg/netns"
	cni "github.com/containerd/go-cni"
	"github.com/deployfile/deployfile/manifests"
)

// namespaceDir has the names of network namespaces, as ip netns uses it. They do not
// survive a restart of the machine.
const namespaceDir = "/run/netns"

// network connects containers to the machine's CNI network: the first configuration in
// NETCONFPATH, /etc/cni/net.d by default, with the plugins in CNI_PATH, by default
// where distributions and CNI itself install them.
type network struct{ plugins, configs string }

func newNetwork() *network {
	return &network{
		plugins: cmp.Or(os.Getenv("CNI_PATH"), "/opt/cni/bin:/usr/lib/cni:/usr/libexec/cni"),
		configs: cmp.Or(os.Getenv("NETCONFPATH"), "/etc/cni/net.d"),
	}
}

// load reads the network's configuration anew.
func (n *network) load(options ...cni.Opt) (cni.CNI, error) {
	out, err := cni.New(append([]cni.Opt{cni.WithPluginDir(filepath.SplitList(n.plugins)), cni.WithPluginConfDir(n.configs)}, options...)...)
	if errors.Is(err, cni.ErrCNINotInitialized) {
		return nil, fmt.Errorf("no CNI network: put its .conflist into %s, or set NETCONFPATH to the directory that has it", n.configs)
	}
	return out, err
}

// attach connects a container's network namespace and requests the port of the machine
// for it. A container that already has the port keeps it until it releases it. attach
// returns the container's IP address with the length of its network's prefix.
func (n *network) attach(ctx context.Context, id, namespace string, c *manifests.Container) (address string, err error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("CNI network of container %s: %w", id, err)
	}
	all, err := n.load(cni.WithLoNetwork, cni.WithDefaultConf)
	if err != nil {
		return fail(err)
	}
	got, err := all.SetupSerially(ctx, id, namespace, portOf(c)...)
	if err != nil {
		return fail(err)
	}
	// The results contain the loopback's address, too.
	for _, result := range got.Raw()[1:] {
		if len(result.IPs) > 0 {
			return result.IPs[0].Address.String(), nil
		}
	}
	return fail(errors.New("the CNI network assigned no IP address"))
}

// portOf returns the plugins' arguments for a container.
func portOf(c *manifests.Container) []cni.NamespaceOpts {
	if c == nil || c.Publish == nil {
		return nil
	}
	return []cni.NamespaceOpts{cni.WithCapabilityPortMap([]cni.PortMapping{{
		HostPort: int32(c.Publish.Port), ContainerPort: int32(c.Port), Protocol: "tcp", HostIP: c.Publish.Address,
	}})}
}

// closePort releases the port of the machine: open requests continue, and new ones go
// to the container that has requested the port since.
func (n *network) closePort(ctx context.Context, r *held) error {
	ports, err := n.ports(r)
	if ports == nil || err != nil {
		return err
	}
	if err := ports.Remove(ctx, r.ID(), r.info.Labels[labelNetwork], portOf(r.wanted)...); err != nil {
		return fmt.Errorf("CNI network of container %s: %w", r.ID(), err)
	}
	return nil
}

// openPort reverses closePort, whether that has done its work or not.
func (n *network) openPort(ctx context.Context, r *held) error {
	if err := n.closePort(ctx, r); err != nil {
		return err
	}
	ports, err := n.ports(r)
	if ports == nil || err != nil {
		return err
	}
	if _, err := ports.SetupSerially(ctx, r.ID(), r.info.Labels[labelNetwork], portOf(r.wanted)...); err != nil {
		return fmt.Errorf("CNI network of container %s: %w", r.ID(), err)
	}
	return nil
}

// ports is the part of a container's network that maps ports of the machine; nil if it
// has none.
func (n *network) ports(r *held) (cni.CNI, error) {
	if r.info.Labels[labelNetwork] == "" {
		return nil, nil
	}
	all, err := n.load(cni.WithDefaultConf)
	if err != nil {
		return nil, err
	}
	only, err := onlyPortMap(all.GetConfig().Networks[0].Config, r.info.Labels[labelAddress])
	if only == nil || err != nil {
		return nil, err
	}
	return n.load(cni.WithConfListBytes(only))
}

// onlyPortMap returns a network's configuration with its portmap plugin alone, or nil
// if it has none. The plugin is told the container's address as one before it would
// (the CNI specification, "prevResult").
func onlyPortMap(list *cni.NetworkConfList, address string) ([]byte, error) {
	var plugins []map[string]any
	for _, p := range list.Plugins {
		if p.Network.Type != "portmap" {
			continue
		}
		plugin := map[string]any{}
		if err := json.Unmarshal([]byte(p.Source), &plugin); err != nil {
			return nil, err
		}
		if ip, err := netip.ParsePrefix(address); err == nil {
			version := "4"
			if ip.Addr().Is6() {
				version = "6"
			}
			plugin["prevResult"] = map[string]any{"cniVersion": list.CNIVersion, "ips": []any{map[string]string{"version": version, "address": address}}}
		}
		plugins = append(plugins, plugin)
	}
	if len(plugins) == 0 {
		return nil, nil
	}
	return json.Marshal(map[string]any{"name": list.Name, "cniVersion": list.CNIVersion, "plugins": plugins})
}

// detach reverses attach. It is idempotent.
func (n *network) detach(ctx context.Context, r *held) error {
	namespace := r.info.Labels[labelNetwork]
	if namespace == "" {
		return nil
	}
	if _, err := os.Stat(namespace); err != nil {
		// After a restart of the machine the plugins still hold addresses.
		namespace = ""
	}
	all, err := n.load(cni.WithDefaultConf)
	if err == nil {
		err = all.Remove(ctx, r.ID(), namespace, portOf(r.wanted)...)
	}
	if namespace != "" {
		err = errors.Join(err, netns.LoadNetNS(namespace).Remove())
	}
	if err != nil {
		return fmt.Errorf("CNI network of container %s: %w", r.ID(), err)
	}
	return nil
}
