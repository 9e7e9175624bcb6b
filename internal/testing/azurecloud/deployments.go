package azurecloud

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// deployment is a part of an endpoint's fleet.
type deployment struct {
	name, state string
	body        map[string]any
	// until is when what is under way ends; restarts reports whether that starts servers.
	until    time.Time
	restarts bool
	under    *operation
	image    string
	running  bool
	server   *running
	// coming is what starts, nil for nothing.
	coming chan launch
	log    []string
}

func (d *deployment) capacity() float64 {
	n, _ := at(d.body, "sku", "capacity").(float64)
	return n
}

func (c *Cloud) deployment(r *http.Request) (*endpoint, *deployment, error) {
	e, err := c.find(r)
	if err != nil {
		return nil, nil, err
	}
	if d := e.deployments[r.PathValue("deployment")]; d != nil {
		return e, d, nil
	}
	return e, nil, notFound("deployment " + r.PathValue("deployment"))
}

func (c *Cloud) putDeployment(r *http.Request, body map[string]any) (answer, error) {
	e, err := c.find(r)
	if err == nil {
		err = e.idle()
	}
	if err == nil {
		err = validName(r.PathValue("deployment"))
	}
	if err != nil {
		return answer{}, err
	}
	id := text(body, "properties", "environmentId")
	parts := strings.Split(strings.TrimPrefix(id, workspaceID+"/environments/"), "/")
	if len(parts) != 3 || c.environments[parts[0]][parts[2]] == nil {
		return answer{}, invalid("the environment %s is not there", id)
	}
	if mode := text(body, "properties", "endpointComputeType"); mode != "Managed" || text(body, "location") != Location {
		return answer{}, invalid("the compute is %s in %s", mode, text(body, "location"))
	}
	status, takes := 200, deploymentTime
	d := e.deployments[r.PathValue("deployment")]
	switch {
	case d == nil:
		status = 201
		d = &deployment{name: r.PathValue("deployment"), state: "Creating", restarts: true}
	case d.state == "Failed":
		d.state, d.restarts = "Updating", true
	case text(d.body, "properties", "instanceType") != text(body, "properties", "instanceType"):
		return answer{}, invalid("the instance type of a deployment cannot be changed")
	default:
		d.restarts = !reflect.DeepEqual(d.body["properties"], body["properties"])
		d.state = "Updating"
		if !d.restarts {
			takes = scaleTime
		}
	}
	d.body = copied(body)
	d.image = text(c.environments[parts[0]][parts[2]], "properties", "image")
	d.until, d.under = c.now.Add(takes), c.begin()
	e.deployments[d.name] = d
	if d.restarts {
		c.launch(d, c.environments[parts[0]][parts[2]])
	}
	if c.Quota > 0 && c.used() > c.Quota {
		d.until = c.now // it fails at once
	}
	return answer{status: status, body: shownDeployment(e, d), header: c.headers(d.under)}, nil
}

// used returns how many instances count: Azure keeps a fifth more for upgrades.
func (c *Cloud) used() int {
	all := 0.0
	for _, e := range c.endpoints {
		for _, d := range e.deployments {
			all += d.capacity()
		}
	}
	return int(all*1.2 + 0.99)
}

// shownDeployment returns a deployment as Azure shows it, with times in another form.
func shownDeployment(e *endpoint, d *deployment) map[string]any {
	out := copied(d.body)
	out["id"], out["name"], out["type"] = workspaceID+"/onlineEndpoints/"+e.name+"/deployments/"+d.name, d.name, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"
	properties, _ := out["properties"].(map[string]any)
	properties["provisioningState"] = d.state
	if settings, ok := properties["requestSettings"].(map[string]any); ok {
		settings["maxQueueWait"] = "PT0.5S"
		if text(settings, "requestTimeout") == "PT60S" {
			settings["requestTimeout"] = "PT1M"
		}
	}
	if env, ok := properties["environmentVariables"].(map[string]any); ok {
		env["AZUREML_MODEL_DIR"] = "/var/azureml-app/azureml-models"
	}
	return out
}

func (c *Cloud) getDeployment(r *http.Request, _ map[string]any) (answer, error) {
	e, d, err := c.deployment(r)
	if err != nil {
		return answer{}, err
	}
	return answer{status: 200, body: shownDeployment(e, d)}, nil
}

func (c *Cloud) listDeployments(r *http.Request, _ map[string]any) (answer, error) {
	e, err := c.find(r)
	if err != nil {
		return answer{}, err
	}
	values := []any{}
	for _, name := range slices.Sorted(maps.Keys(e.deployments)) {
		values = append(values, shownDeployment(e, e.deployments[name]))
	}
	return answer{status: 200, body: map[string]any{"value": values}}, nil
}

func (c *Cloud) deleteDeployment(r *http.Request, _ map[string]any) (answer, error) {
	e, d, err := c.deployment(r)
	if e != nil && d == nil {
		return answer{status: 204}, nil
	}
	if err == nil {
		err = e.idle()
	}
	if err != nil {
		return answer{}, err
	}
	if e.traffic("traffic")[d.name]+e.traffic("mirrorTraffic")[d.name] > 0 {
		return answer{}, invalid("deployment %s gets traffic", d.name)
	}
	d.state, d.until, d.under = "Deleting", c.now.Add(deleteTime), c.begin()
	return answer{status: 202, header: c.headers(d.under)}, nil
}

func (c *Cloud) getLogs(r *http.Request, body map[string]any) (answer, error) {
	_, d, err := c.deployment(r)
	if err != nil {
		return answer{}, err
	}
	lines := d.log
	if n, ok := body["tail"].(float64); ok {
		lines = lines[max(0, len(lines)-int(n)):]
	}
	return answer{status: 200, body: map[string]any{"content": strings.Join(lines, "\n")}}, nil
}
