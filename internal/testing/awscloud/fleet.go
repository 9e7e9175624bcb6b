package awscloud

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// fleet are the variants of a configuration that were started, or why that failed.
type fleet struct {
	variants []*variant
	failure  string
	log      []logLine
}

// stop ends the servers as soon as they have answered what they got.
func (c *Cloud) stop(variants []*variant) {
	for _, v := range variants {
		if v.server != nil {
			c.stopping.Go(func() {
				v.answering.Wait()
				v.server.Stop()
			})
		}
	}
}

// finish ends a creation or an update.
func (c *Cloud) finish(e *endpoint) {
	if e.pending == "" { // weights
		e.status = "InService"
		return
	}
	f := <-e.fleet
	variants, failure := f.variants, f.failure
	if failure == "" && e.alarm != "" {
		failure = "One or more alarms configured to guard this deployment are in ALARM state: " + e.alarm
		c.stop(variants)
	}
	e.alarm = ""
	e.sent = 0
	group := "/aws/sagemaker/Endpoints/" + e.name
	e.fleet, c.logs[group] = nil, append(c.logs[group], f.log...)
	if c.logs[group] == nil {
		delete(c.logs, group)
	}
	switch {
	case failure == "":
		c.stop(e.variants)
		for _, v := range variants {
			for _, was := range e.variants {
				if e.retain && was.name == v.name {
					v.count = was.count
				}
			}
		}
		e.retain = false
		e.variants, e.config, e.pending, e.status, e.failure = variants, e.pending, "", "InService", ""
	case e.status == "Creating":
		e.config, e.pending, e.status, e.failure = e.pending, "", "Failed", failure
	default:
		e.pending, e.status, e.failure, e.until = "", "RollingBack", failure, c.now.Add(rollTime)
	}
}

// begin starts the servers of the pending configuration.
func (c *Cloud) begin(e *endpoint) {
	e.fleet = make(chan fleet, 1)
	var f fleet
	production, _ := c.configs[e.pending].body["ProductionVariants"].([]any)
	for i, v := range variantsOf(c.configs[e.pending]) {
		m := c.models[text(v, "ModelName")]
		if m == nil {
			e.fleet <- fleet{failure: fmt.Sprintf("Could not find model %q.", text(v, "ModelName"))}
			return
		}
		container, _ := m.body["PrimaryContainer"].(map[string]any)
		made := &variant{name: text(v, "VariantName"), image: text(container, "Image"), serverless: v["ServerlessConfig"], shadow: i >= len(production), env: map[string]string{}}
		made.weight, _ = v["InitialVariantWeight"].(float64)
		made.count, _ = v["InitialInstanceCount"].(float64)
		var err error
		if made.model, err = c.download(sourceOf(m)); err != nil {
			e.fleet <- fleet{failure: err.Error()}
			return
		}
		variables, _ := container["Environment"].(map[string]any)
		for name := range variables {
			made.env[name] = text(variables, name)
		}
		f.variants = append(f.variants, made)
	}
	into, at := e.fleet, c.now
	c.stopping.Go(func() { into <- c.started(f, at) })
}

// started starts the servers of a fleet.
func (c *Cloud) started(f fleet, at time.Time) fleet {
	if c.Start == nil {
		return f
	}
	for i, v := range f.variants {
		server, err := c.Start(Container{v.image, v.env, v.model})
		if err != nil {
			c.stop(f.variants[:i])
			for line := range strings.Lines(err.Error()) {
				f.log = append(f.log, logLine{stream: v.name + "/i-0001", text: strings.TrimRight(line, "\n"), at: at})
			}
			f.failure = fmt.Sprintf("The %s variant of the endpoint failed to pass the ping health check. Please check CloudWatch logs for this endpoint.", v.name)
			return f
		}
		v.server = server
	}
	return f
}

// within checks the quota of instances: an update needs a second fleet beside the first.
func (c *Cloud) within(config *object) error {
	for _, v := range variantsOf(config) {
		kind, count := text(v, "InstanceType"), 0.0
		limit, limited := c.Quota[kind]
		for _, e := range c.endpoints {
			for _, used := range []string{e.config, e.pending} {
				if o := c.configs[used]; o != nil {
					for _, x := range variantsOf(o) {
						if n, _ := x["InitialInstanceCount"].(float64); text(x, "InstanceType") == kind {
							count += n
						}
					}
				}
			}
		}
		if n, _ := v["InitialInstanceCount"].(float64); limited && count+n > float64(limit) {
			return &refusal{400, "ResourceLimitExceeded", fmt.Sprintf("The account-level service limit '%s for endpoint usage' is %d Instances, with current utilization of %g Instances and a request delta of %g Instances. Please use AWS Service Quotas to request an increase for this quota.", kind, limit, count, n)}
		}
	}
	return nil
}

// guard checks how an endpoint is to change, and remembers the alarms that are raised.
func (c *Cloud) guard(e *endpoint, to *object, how map[string]any) error {
	had, has := variantsOf(c.configs[e.config]), variantsOf(to)
	if len(had) != len(has) || text(had[0], "VariantName") != text(has[0], "VariantName") {
		return invalid("The variants of the endpoint configurations must be the same to use a DeploymentConfig.")
	}
	rollback, _ := how["AutoRollbackConfiguration"].(map[string]any)
	alarms, _ := rollback["Alarms"].([]any)
	e.alarm = ""
	for _, a := range alarms {
		fields, _ := a.(map[string]any)
		if slices.Contains(c.Alarms, text(fields, "AlarmName")) {
			e.alarm = text(fields, "AlarmName")
		}
	}
	return nil
}
