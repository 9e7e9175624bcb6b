package containerd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/pkg/netns"
	"github.com/containernetworking/cni/libcni"
	types "github.com/containernetworking/cni/pkg/types/100"
	"github.com/deployfile/deployfile/manifests"
)

// namespaceFolder has the names of network namespaces, where ip netns has them
// too. They do not survive a restart of the machine.
const namespaceFolder = "/run/netns"

// network gives containers a place in the machine's CNI network: the first
// configuration in NETCONFPATH, /etc/cni/net.d by default, whose plugins are in
// CNI_PATH, by default where distributions and CNI itself put them.
type network struct {
	cni     *libcni.CNIConfig
	configs string
}

func newNetwork() *network {
	plugins := []string{"/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"}
	if path := os.Getenv("CNI_PATH"); path != "" {
		plugins = filepath.SplitList(path)
	}
	return &network{cni: libcni.NewCNIConfig(plugins, nil), configs: cmp.Or(os.Getenv("NETCONFPATH"), "/etc/cni/net.d")}
}

// list reads the network's configuration.
func (n *network) list() (*libcni.NetworkConfigList, error) {
	files, err := libcni.ConfFiles(n.configs, []string{".conflist"})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no CNI network: put its .conflist into %s, or set NETCONFPATH to the folder that has it", n.configs)
	}
	slices.Sort(files)
	return libcni.ConfListFromFile(files[0])
}

// attach connects a container's network namespace, and asks for the port of the
// machine to lead there. If a container has that port already, it keeps it until
// it lets go. It returns the container's IP address.
func (n *network) attach(ctx context.Context, id, namespace string, c *manifests.Container) (address string, err error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("CNI network of container %s: %w", id, err)
	}
	list, err := n.list()
	if err != nil {
		return fail(err)
	}
	loopback, err := libcni.ConfListFromBytes([]byte(`{"cniVersion":"0.3.1","name":"cni-loopback","plugins":[{"type":"loopback"}]}`))
	if err != nil {
		return fail(err)
	}
	if _, err := n.cni.AddNetworkList(ctx, loopback, &libcni.RuntimeConf{ContainerID: id, NetNS: namespace, IfName: "lo"}); err != nil {
		return fail(err)
	}
	got, err := n.cni.AddNetworkList(ctx, list, place(id, namespace, c))
	if err != nil {
		return fail(err)
	}
	result, err := types.NewResultFromResult(got)
	if err != nil {
		return fail(err)
	}
	if len(result.IPs) == 0 {
		return fail(errors.New("it has no IP address"))
	}
	return result.IPs[0].Address.IP.String(), nil
}

// place is what the plugins are told of a container.
func place(id, namespace string, c *manifests.Container) *libcni.RuntimeConf {
	r := &libcni.RuntimeConf{ContainerID: id, NetNS: namespace, IfName: "eth0"}
	if c != nil && c.Publish != nil {
		r.CapabilityArgs = map[string]any{"portMappings": []map[string]any{{
			"hostPort": c.Publish.Port, "containerPort": c.Port, "protocol": "tcp", "hostIP": c.Publish.Address,
		}}}
	}
	return r
}

// closePort lets go of the port of the machine: requests under way go on, and
// new ones go to whoever has asked for the port since.
func (n *network) closePort(ctx context.Context, r *record) error {
	list, err := n.list()
	if err != nil {
		return err
	}
	only := *list
	only.Plugins = slices.DeleteFunc(slices.Clone(list.Plugins), func(p *libcni.NetworkConfig) bool {
		return p.Network.Type != "portmap"
	})
	if len(only.Plugins) == 0 {
		return nil
	}
	if err := n.cni.DelNetworkList(ctx, &only, place(r.ID(), r.info.Labels[labelNetwork], r.wanted)); err != nil {
		return fmt.Errorf("CNI network of container %s: %w", r.ID(), err)
	}
	return nil
}

// detach is the opposite of attach. It is no error that there is nothing to do.
func (n *network) detach(ctx context.Context, r *record) error {
	namespace := r.info.Labels[labelNetwork]
	if namespace == "" {
		return nil
	}
	if _, err := os.Stat(namespace); err != nil {
		// After the machine was started again, the plugins still have addresses
		// to give back.
		namespace = ""
	}
	list, err := n.list()
	if err == nil {
		err = n.cni.DelNetworkList(ctx, list, place(r.ID(), namespace, r.wanted))
	}
	if namespace != "" {
		err = errors.Join(err, netns.LoadNetNS(namespace).Remove())
	}
	if err != nil {
		return fmt.Errorf("CNI network of container %s: %w", r.ID(), err)
	}
	return nil
}
