package azurecloud

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// endpoint is an endpoint with its deployments.
type endpoint struct {
	name, state string
	body        map[string]any
	// pending is what it changes to; until is when that ends.
	pending     map[string]any
	until       time.Time
	under       *operation
	deployments map[string]*deployment
	// sent are the requests that went to each deployment since the last change, copies
	// those that it got a copy of, of all that named none.
	sent, copies map[string]int
	all          int
}

func (c *Cloud) stopAll(e *endpoint) {
	for _, d := range e.deployments {
		c.stop(d)
	}
}

// traffic returns the shares of the deployments, without those of nothing.
func (e *endpoint) traffic(key string) map[string]int { return shares(e.body, key) }

func shares(body map[string]any, key string) map[string]int {
	all, _ := at(body, "properties", key).(map[string]any)
	out := map[string]int{}
	for name, share := range all {
		if n, _ := share.(float64); n > 0 {
			out[name] = int(n)
		}
	}
	return out
}

// How long changes take.
const (
	endpointTime   = time.Minute
	trafficTime    = 30 * time.Second
	deploymentTime = 5 * time.Minute
	scaleTime      = 2 * time.Minute
	deleteTime     = 90 * time.Second
)

// endpointName matches the names of endpoints and deployments.
var endpointName = regexp.MustCompile(`^[a-zA-Z](-?[a-zA-Z0-9])*$`)

func validName(name string) error {
	if len(name) < 3 || len(name) > 32 || !endpointName.MatchString(name) {
		return invalid("the name %q is invalid", name)
	}
	return nil
}

// pass ends what is over by now.
func (c *Cloud) pass() {
	c.passJobs()
	over := func(until time.Time) bool { return !until.IsZero() && !until.After(c.now) }
	for name, e := range c.endpoints {
		for name, d := range e.deployments {
			if !over(d.until) || d.coming != nil && len(d.coming) == 0 {
				continue // it takes as long as its server
			}
			d.until = time.Time{}
			if d.state == "Deleting" {
				c.stop(d)
				delete(e.deployments, name)
				d.under.end(nil)
				continue
			}
			c.finish(d)
		}
		if !over(e.until) {
			continue
		}
		e.until = time.Time{}
		if e.state == "Deleting" {
			c.stopAll(e)
			delete(c.endpoints, name)
		} else {
			e.body, e.state = e.pending, "Succeeded"
			e.sent, e.copies, e.all = map[string]int{}, map[string]int{}, 0
		}
		e.under.end(nil)
	}
}

// idle refuses what cannot be done while something is under way.
func (e *endpoint) idle() error {
	if !e.until.IsZero() {
		return busy("endpoint " + e.name + " is " + e.state)
	}
	for _, d := range e.deployments {
		if !d.until.IsZero() {
			return busy("deployment " + d.name + " is " + d.state)
		}
	}
	return nil
}

func (c *Cloud) find(r *http.Request) (*endpoint, error) {
	if e := c.endpoints[r.PathValue("endpoint")]; e != nil {
		return e, nil
	}
	return nil, notFound("endpoint " + r.PathValue("endpoint"))
}

func (c *Cloud) putEndpoint(r *http.Request, body map[string]any) (answer, error) {
	name := r.PathValue("endpoint")
	if err := validName(name); err != nil {
		return answer{}, err
	}
	if text(body, "location") != Location {
		return answer{}, invalid("the location is that of the workspace, %s", Location)
	}
	e, status, takes := c.endpoints[name], 200, trafficTime
	if e == nil {
		status, takes = 201, endpointTime
		e = &endpoint{name: name, deployments: map[string]*deployment{}, sent: map[string]int{}, copies: map[string]int{}}
	} else if err := e.idle(); err != nil {
		return answer{}, err
	} else if was := e.body; text(was, "properties", "authMode") != text(body, "properties", "authMode") || text(was, "identity", "type") != text(body, "identity", "type") {
		return answer{}, invalid("the authentication mode and the identity of an endpoint cannot be changed")
	}
	if err := e.routable(body); err != nil {
		return answer{}, err
	}
	e.pending, e.state, e.until = copied(body), "Updating", c.now.Add(takes)
	if status == 201 {
		e.state, e.body = "Creating", e.pending
	}
	c.endpoints[name] = e
	e.under = c.begin()
	return answer{status: status, body: c.shown(e), header: c.headers(e.under)}, nil
}

// routable checks the shares of requests.
func (e *endpoint) routable(body map[string]any) error {
	traffic, mirror := shares(body, "traffic"), shares(body, "mirrorTraffic")
	sum := 0
	for name, share := range traffic {
		sum += share
		if d := e.deployments[name]; d == nil || d.state != "Succeeded" {
			return invalid("traffic goes to %s, which is not there or not ready", name)
		}
	}
	if sum != 0 && sum != 100 {
		return invalid("the sum of the traffic is %d", sum)
	}
	for name, share := range mirror {
		d := e.deployments[name]
		if d == nil || d.state != "Succeeded" || share > 50 || traffic[name] > 0 || len(mirror) > 1 {
			return invalid("traffic cannot be mirrored to %s", name)
		}
	}
	return nil
}

// shown returns an endpoint as Azure shows it.
func (c *Cloud) shown(e *endpoint) map[string]any {
	out := copied(e.body)
	out["id"], out["name"], out["type"] = workspaceID+"/onlineEndpoints/"+e.name, e.name, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
	properties, _ := out["properties"].(map[string]any)
	properties["provisioningState"] = e.state
	properties["scoringUri"] = cmp.Or(c.ScoringURI, fmt.Sprintf("%s/score/%s/invocations", c.server.URL, e.name))
	identity, _ := out["identity"].(map[string]any)
	identity["principalId"], identity["tenantId"] = "a-principal", "a-tenant"
	return out
}

func (c *Cloud) getEndpoint(r *http.Request, _ map[string]any) (answer, error) {
	e, err := c.find(r)
	if err != nil {
		return answer{}, err
	}
	return answer{status: 200, body: c.shown(e)}, nil
}

func (c *Cloud) deleteEndpoint(r *http.Request, _ map[string]any) (answer, error) {
	e, err := c.find(r)
	if err != nil {
		return answer{status: 204}, nil
	}
	if err := e.idle(); err != nil {
		return answer{}, err
	}
	e.state, e.until, e.under = "Deleting", c.now.Add(deleteTime), c.begin()
	return answer{status: 202, header: c.headers(e.under)}, nil
}

func (c *Cloud) listKeys(r *http.Request, _ map[string]any) (answer, error) {
	e, err := c.find(r)
	if err != nil {
		return answer{}, err
	}
	mode := text(e.body, "properties", "authMode")
	if strings.HasSuffix(r.URL.Path, "/token") {
		if mode != "AMLToken" {
			return answer{}, invalid("the endpoint has no tokens")
		}
		return answer{status: 200, body: map[string]any{"accessToken": c.key(), "expiryTimeUtc": 4102444800, "tokenType": "Bearer"}}, nil
	}
	if mode != "Key" {
		return answer{}, invalid("the endpoint has no keys")
	}
	return answer{status: 200, body: map[string]any{"primaryKey": c.key(), "secondaryKey": "another"}}, nil
}

// operation is something that takes time.
type operation struct {
	id, status string
	failure    *refusal
}

func (o *operation) end(failure *refusal) {
	o.status, o.failure = "Succeeded", failure
	if failure != nil {
		o.status = "Failed"
	}
}

func (c *Cloud) begin() *operation {
	o := &operation{id: fmt.Sprintf("operation-%d", c.requests), status: "InProgress"}
	c.operations[o.id] = o
	return o
}

func (c *Cloud) headers(o *operation) map[string]string {
	base := c.server.URL + "/subscriptions/" + Subscription + "/providers/Microsoft.MachineLearningServices/locations/" + Location
	return map[string]string{
		"Azure-AsyncOperation": base + "/mfeOperationsStatus/" + o.id + "?api-version=" + apiVersion,
		"Location":             base + "/mfeOperationResults/" + o.id + "?api-version=" + apiVersion,
		"Retry-After-Ms":       "10",
	}
}

func (c *Cloud) getOperation(r *http.Request, _ map[string]any) (answer, error) {
	o := c.operations[r.PathValue("operation")]
	if o == nil {
		return answer{}, notFound("operation " + r.PathValue("operation"))
	}
	body := map[string]any{"id": o.id, "status": o.status}
	if o.failure != nil {
		maps.Copy(body, errorOf(o.failure))
	}
	return answer{status: 200, body: body, header: map[string]string{"Retry-After-Ms": "10"}}, nil
}

func (c *Cloud) getResult(r *http.Request, _ map[string]any) (answer, error) {
	o := c.operations[r.PathValue("operation")]
	switch {
	case o == nil:
		return answer{}, notFound("operation " + r.PathValue("operation"))
	case o.status == "InProgress":
		return answer{status: 202, header: map[string]string{"Retry-After-Ms": "10"}}, nil
	case o.failure != nil:
		return answer{}, o.failure
	}
	return answer{status: 204}, nil
}
