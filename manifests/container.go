package manifests

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/deployfile/deployfile/imagespec"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
)

// HostNetwork is the network of a container that has none of its own.
const HostNetwork = "host"

const containerDocument = "container.yaml"

// Container is what a container engine is told: the one document of targets of
// the kinds docker and containerd. It says only what the engine has to know, so
// that a Deployfile that changed elsewhere replaces no container.
type Container struct {
	// Name is the endpoint's.
	Name string `yaml:"name"`
	// Image is REPOSITORY@sha256:…, or an image id (sha256:…).
	Image string `yaml:"image"`
	// Env are variables added to the image's own, PORT among them.
	Env map[string]string `yaml:"env,omitempty"`
	// Network is HostNetwork, the name of a network, or "" for the engine's
	// default.
	Network string `yaml:"network,omitempty"`
	// Port is where the server listens, in the container's network.
	Port int `yaml:"port"`
	// Publish is how the port is reached from the machine; nil on the host's
	// network.
	Publish *PublishedPort `yaml:"publish,omitempty"`
	// Restart is "no", "on-failure", "always" or "unless-stopped".
	Restart string `yaml:"restart"`
	// Resources are the limits.
	Resources ContainerResources `yaml:"resources,omitempty"`
	// User is the uid[:gid] of the server, "" for the image's own.
	User string `yaml:"user,omitempty"`
	// ReadOnly makes the root file system read-only; Tmpfs are the folders that
	// can be written nevertheless, in memory.
	ReadOnly bool     `yaml:"read-only"`
	Tmpfs    []string `yaml:"tmpfs"`
	// DropCapabilities are the capabilities that the server does not have.
	DropCapabilities []string `yaml:"drop-capabilities"`
	// NoNewPrivileges keeps programs from gaining rights by set-user-ID.
	NoNewPrivileges bool `yaml:"no-new-privileges"`
	// Labels are for whoever looks at the container.
	Labels map[string]string `yaml:"labels"`
}

// PublishedPort is a port of the machine that leads into a container.
type PublishedPort struct {
	// Address is an IP address of the machine, "" for all.
	Address string `yaml:"address,omitempty"`
	Port    int    `yaml:"port"`
}

// ContainerResources are the limits of a container, 0 for none.
type ContainerResources struct {
	// Millicores is in thousandths of a core, Memory in bytes.
	Millicores int64 `yaml:"millicores,omitempty"`
	Memory     int64 `yaml:"memory,omitempty"`
	// GPUs is a number of whole GPUs.
	GPUs int `yaml:"gpus,omitempty"`
}

// container renders targets of the kinds docker and containerd.
func container(s State) ([]Document, error) {
	r := s.Live.Release
	fail := func(err error) ([]Document, error) {
		return nil, fmt.Errorf("target %q: %w", r.Target.Name, err)
	}
	if s.Next != nil {
		return fail(errors.New("a container engine has no place for a second release beside the first"))
	}
	resources, err := containerResources(r)
	if err != nil {
		return fail(err)
	}
	c := Container{
		Name:             r.Target.Endpoint,
		Image:            r.Image,
		Env:              maps.Clone(r.Target.Env),
		Network:          r.Target.Network,
		Port:             r.Port,
		Restart:          cmp.Or(r.Target.Restart, "unless-stopped"),
		Resources:        resources,
		User:             r.User,
		ReadOnly:         true,
		Tmpfs:            []string{"/tmp"},
		DropCapabilities: []string{"ALL"},
		NoNewPrivileges:  true,
		Labels: map[string]string{
			imagespec.LabelPrefix + "endpoint": r.Target.Endpoint,
			imagespec.LabelModelName:           r.Model,
		},
	}
	if r.Version != "" {
		c.Labels[imagespec.LabelPrefix+"model.version"] = r.Version
	}
	outside := cmp.Or(r.Target.Port, r.Port)
	if r.Target.Kind == "containerd" {
		c.Network = cmp.Or(c.Network, HostNetwork)
		c.Publish = &PublishedPort{Port: outside}
	} else {
		c.Publish = &PublishedPort{Address: cmp.Or(r.Target.Address, "127.0.0.1"), Port: outside}
	}
	if c.Network == HostNetwork {
		// Nothing leads from one port to another.
		c.Port, c.Publish = outside, nil
	}
	if c.Env == nil {
		c.Env = map[string]string{}
	}
	c.Env["PORT"] = strconv.Itoa(c.Port)
	body, err := yaml.Marshal(c)
	if err != nil {
		return fail(err)
	}
	return []Document{{Name: containerDocument, Body: body}}, nil
}

func containerResources(r Release) (ContainerResources, error) {
	out := ContainerResources{GPUs: r.Target.Resources.GPUs}
	cpu, err := quantity("cpu", r.Target.Resources.CPU)
	if err != nil {
		return out, err
	}
	memory, err := quantity("memory", r.Target.Resources.Memory)
	if err != nil {
		return out, err
	}
	out.Millicores, out.Memory = cpu.MilliValue(), memory.Value()
	return out, nil
}

// quantity reads one in Kubernetes' notation; "" is 0.
func quantity(key, value string) (resource.Quantity, error) {
	if value == "" {
		return resource.Quantity{}, nil
	}
	q, err := resource.ParseQuantity(value)
	if err == nil && q.Sign() <= 0 {
		err = errors.New("it must be more than 0")
	}
	if err != nil {
		return q, fmt.Errorf("resources %s = %q: %w", key, value, err)
	}
	return q, nil
}

// ParseContainer reads the document of a container back.
func ParseContainer(documents []Document) (*Container, error) {
	for _, d := range documents {
		if d.Name != containerDocument {
			continue
		}
		var c Container
		if err := yaml.Unmarshal(d.Body, &c); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		return &c, nil
	}
	return nil, fmt.Errorf("no %s among %d documents", containerDocument, len(documents))
}
