package manifests

import (
	_ "embed" // for the doc comments
	"fmt"
	"maps"
	"strconv"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/imagespec"
	"go.yaml.in/yaml/v3"
)

//go:embed container.go
var containerSource string

// ContainerSources returns the Go source of ContainerKeys and what it embeds, for
// Kind.Sources.
func ContainerSources() []string { return append(Sources(), containerSource) }

// ContainerKeys has the keys that all kinds have that run the server in one
// container on one machine.
type ContainerKeys struct {
	deployfile.ServerEnv
	// Resources are what the container gets.
	Resources Resources `toml:"resources" json:"resources,omitzero"`
}

// HostNetwork is the network of a container that has none of its own.
const HostNetwork = "host"

const containerDocument = "container.yaml"

// Container is what a container engine is told: the one document of a target
// whose kind has ContainerKeys. It
// says only what the engine has to know, so that a Deployfile that changed
// elsewhere replaces no container.
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
	// ReadOnly makes the root file system read-only; Tmpfs are the directories that
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

// NewContainer describes the container of a release, but for what engines differ in: the
// network, the port of the machine and the restart policy.
func NewContainer(r Release, keys ContainerKeys) Container {
	cpu, memory := keys.Resources.Quantities()
	c := Container{
		Name:             r.Target.Endpoint,
		Image:            r.Image,
		Env:              maps.Clone(keys.Variables()),
		Port:             r.Port,
		Resources:        ContainerResources{Millicores: cpu.MilliValue(), Memory: memory.Value(), GPUs: keys.Resources.GPUs},
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
	return c
}

// Documents returns the container's description. On the host's network, where
// nothing leads from one port to another, the server listens at the published
// port itself.
func (c Container) Documents() ([]Document, error) {
	if c.Network == HostNetwork && c.Publish != nil {
		c.Port, c.Publish = c.Publish.Port, nil
	}
	if c.Env == nil {
		c.Env = map[string]string{}
	}
	c.Env["PORT"] = strconv.Itoa(c.Port)
	body, err := yaml.Marshal(c)
	if err != nil {
		return nil, err
	}
	return []Document{{Name: containerDocument, Body: body}}, nil
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
