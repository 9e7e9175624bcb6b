package azureml

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"

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
	// scaling is nil for a fixed number of instances.
	scaling *scaling
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

// read are decoded documents.
type read struct {
	environments [2]spec.Environment
	deployments  [2]spec.Deployment
	endpoint     spec.Endpoint
	traffic      spec.Traffic
	scaling      spec.Scaling
}

// parse decodes documents. Those of a record are untrusted: they may ask for nothing but
// this endpoint in this workspace.
func (c *connection) parse(documents []manifests.Document) (*wanted, error) {
	var r read
	for _, d := range documents {
		var into any
		switch d.Name {
		case spec.DocumentEnvironmentLive:
			into = &r.environments[0]
		case spec.DocumentDeploymentLive:
			into = &r.deployments[0]
		case spec.DocumentEnvironmentNext:
			into = &r.environments[1]
		case spec.DocumentDeploymentNext:
			into = &r.deployments[1]
		case spec.DocumentEndpoint:
			into = &r.endpoint
		case spec.DocumentTraffic:
			into = &r.traffic
		case spec.DocumentScaling:
			into = &r.scaling
		default:
			return nil, fmt.Errorf("unknown document %q", d.Name)
		}
		if err := strict(d, into); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return c.wantedOf(&r)
}

// strict decodes a document.
func strict(d manifests.Document, into any) error {
	if len(d.Body) > documentSize {
		return &untrusted.TooLargeError{Name: d.Name, Limit: documentSize}
	}
	if err := untrusted.CheckYAML(d.Body, documentNodes); err != nil {
		return err
	}
	return yaml.UnmarshalStrict(d.Body, into)
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

// wantedOf checks decoded documents and returns what they ask for.
func (c *connection) wantedOf(r *read) (*wanted, error) {
	if r.endpoint.Name != c.endpoint || r.endpoint.Tags[spec.TagManaged] != c.endpoint || !reflect.DeepEqual(r.endpoint, r.traffic.Endpoint) {
		return nil, fmt.Errorf("the documents are not for endpoint %s", c.endpoint)
	}
	w := &wanted{endpoint: endpointBody(r.traffic)}
	for i, d := range r.deployments {
		e := r.environments[i]
		if i > 0 && d.Name == "" && e.Name == "" {
			break // there is no next release
		}
		if !ownName.MatchString(d.Name) || d.EndpointName != c.endpoint || d.Tags[spec.TagManaged] != c.endpoint {
			return nil, fmt.Errorf("deployment %q is not of endpoint %s", d.Name, c.endpoint)
		}
		if e.Name != c.endpoint || e.Version != d.Name || d.Environment != "azureml:"+e.Name+":"+e.Version {
			return nil, fmt.Errorf("environment %q is not that of deployment %s", d.Environment, d.Name)
		}
		release := &release{name: d.Name, environment: environmentBody(e), deployment: deploymentBody(d, c.id+"/environments/"+e.Name+"/versions/"+e.Version)}
		if w.live == nil {
			w.live = release
		} else {
			w.next = release
		}
	}
	for _, traffic := range []map[string]int{r.traffic.Traffic, r.traffic.MirrorTraffic} {
		for name, share := range traffic {
			if !w.has(name) || share < 0 || share > 100 {
				return nil, fmt.Errorf("%d %% of the requests go to %q, which is no deployment of the documents", share, name)
			}
		}
	}
	var err error
	w.scaling, err = c.scalingOf(r.scaling, w.live.name)
	return w, err
}

// managed returns the properties of a deployment, nil if it is of another kind.
func managed(d api.OnlineDeployment) *api.ManagedOnlineDeployment {
	out, _ := d.Properties.(*api.ManagedOnlineDeployment)
	return out
}
