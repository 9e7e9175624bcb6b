package serving

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Begin reads what an endpoint is to become, and fills in what the options do
// not say.
func Begin(endpoint string, r publish.Revision, o publish.ApplyOptions) (*manifests.Container, publish.ApplyOptions, error) {
	c, err := manifests.ParseContainer(r.Documents)
	if err == nil && c.Name != endpoint {
		err = fmt.Errorf("%s was rendered for another endpoint: %s", endpoint, c.Name)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return c, o, err
}

// Outside is the port of the machine that leads to a container.
func Outside(c *manifests.Container) int {
	if c.Publish != nil {
		return c.Publish.Port
	}
	return c.Port
}

// MoveAway gives a container on the machine's own network a port that nobody
// listens on.
func MoveAway(c *manifests.Container) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	c.Port, c.Env = port, maps.Clone(c.Env)
	c.Env["PORT"] = strconv.Itoa(port)
	return nil
}

// Environment is a container's, in the form NAME=VALUE.
func Environment(c *manifests.Container) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		out = append(out, name+"="+c.Env[name])
	}
	return out
}
