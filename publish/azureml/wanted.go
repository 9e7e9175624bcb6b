package azureml

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
)

// wanted is what an endpoint is to be.
type wanted struct {
	endpoint api.OnlineEndpoint
	// live and next are its deployments; next is nil without a second release.
	live, next *release
}

// release is a deployment with its environment, which has the same name.
type release struct {
	name        string
	environment api.EnvironmentVersion
	deployment  api.OnlineDeployment
}

// releases returns the deployments.
func (w *wanted) releases() []*release {
	switch {
	case w == nil || w.live == nil:
		return nil
	case w.next == nil:
		return []*release{w.live}
	}
	return []*release{w.live, w.next}
}

// has reports whether a deployment is one of those that are wanted.
func (w *wanted) has(name string) bool {
	for _, r := range w.releases() {
		if r.name == name {
			return true
		}
	}
	return false
}

// Limits of a document, which may come from a record.
const (
	documentSize  = 256 << 10
	documentNodes = 10_000
)

// ownName matches the names of what deployfile makes.
var ownName = regexp.MustCompile(`^d[0-9a-f]{12}n?$`)

// parse decodes documents. Those of a record are untrusted: they may ask for nothing but
// this endpoint in this workspace.
func (c *connection) parse(documents []manifests.Document) (*wanted, error) {
	w := &wanted{live: &release{}}
	for _, d := range documents {
		var into any
		switch d.Name {
		case spec.DocumentEnvironmentLive:
			into = &w.live.environment
		case spec.DocumentDeploymentLive:
			into = &w.live.deployment
		case spec.DocumentEnvironmentNext:
			w.next = &release{}
			into = &w.next.environment
		case spec.DocumentDeploymentNext:
			if w.next == nil {
				return nil, fmt.Errorf("%s has no environment", d.Name)
			}
			into = &w.next.deployment
		case spec.DocumentEndpoint:
			into = &w.endpoint
		default:
			return nil, fmt.Errorf("unknown document %q", d.Name)
		}
		if err := strict(d, into); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return w, c.check(w)
}

// strict decodes a document. Azure's types drop what they do not know.
func strict(d manifests.Document, into any) error {
	if len(d.Body) > documentSize {
		return &untrusted.TooLargeError{Name: d.Name, Limit: documentSize}
	}
	if err := untrusted.CheckYAML(d.Body, documentNodes); err != nil {
		return err
	}
	text, err := yaml.YAMLToJSONStrict(d.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return err
	}
	there, err := tree(into)
	if err != nil {
		return err
	}
	var read map[string]any
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	if !reflect.DeepEqual(there, read) {
		return fmt.Errorf("it has fields that Azure does not know")
	}
	return nil
}

// tree returns something as generic JSON.
func tree(body any) (map[string]any, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = json.Unmarshal(text, &out)
	return out, err
}

func (c *connection) check(w *wanted) error {
	if w.endpoint.Properties == nil || deref(w.endpoint.Tags[spec.TagManaged]) != c.endpoint {
		return fmt.Errorf("the documents are not for endpoint %s", c.endpoint)
	}
	for _, r := range w.releases() {
		properties := managed(r.deployment)
		if properties == nil || r.environment.Properties == nil {
			return fmt.Errorf("the documents lack a deployment or its environment")
		}
		prefix := c.id + "/environments/" + c.endpoint + "/versions/"
		name, ours := strings.CutPrefix(deref(properties.EnvironmentID), prefix)
		if !ours || !ownName.MatchString(name) {
			return fmt.Errorf("environment %q is not in %s", deref(properties.EnvironmentID), prefix)
		}
		r.name = name
	}
	for _, traffic := range []map[string]*int32{w.endpoint.Properties.Traffic, w.endpoint.Properties.MirrorTraffic} {
		for name := range traffic {
			if !w.has(name) {
				return fmt.Errorf("requests go to %q, which is no deployment of the documents", name)
			}
		}
	}
	return nil
}

// managed returns the properties of a deployment, nil if it is of another kind.
func managed(d api.OnlineDeployment) *api.ManagedOnlineDeployment {
	out, _ := d.Properties.(*api.ManagedOnlineDeployment)
	return out
}
