package awscloud

import (
	"strings"
	"sync"
	"time"
)

// endpoint is an endpoint with its fleet.
type endpoint struct {
	name, arn string
	tags      []tag
	status    string
	// config is what answers, pending what it changes to, "" for nothing.
	config, pending string
	failure         string
	// hidden is the last request that does not see what is under way.
	hidden int
	// alarm is one that ends what is under way.
	alarm       string
	created, at time.Time
	// until is when what is under way ends.
	until    time.Time
	variants []*variant
	sent     int
	// retain keeps the number of instances of variants in an update.
	retain bool
	// fleet is what comes up, nil for nothing.
	fleet chan fleet
}

// variant is a part of an endpoint's fleet.
type variant struct {
	name, image string
	weight      float64
	count       float64
	serverless  any
	// shadow is whether it gets copies of requests alone, of which there were copies.
	shadow bool
	copies int
	env    map[string]string
	// model is the directory of the model from S3, "" for none.
	model  string
	server Server
	sent   int
	// answering counts the requests that are being answered.
	answering sync.WaitGroup
}

// How long changes take.
const (
	createTime = 2 * time.Minute
	updateTime = 2 * time.Minute
	rollTime   = 30 * time.Second
	deleteTime = 30 * time.Second
	weightTime = 20 * time.Second
)

// pass lets time pass, and ends what is over by then.
func (c *Cloud) pass() {
	c.requests++
	c.now = c.now.Add(c.Step)
	c.passQueue()
	for _, j := range c.jobs {
		c.passJob(j)
	}
	for key, e := range c.endpoints {
		if e.until.IsZero() || e.until.After(c.now) || e.fleet != nil && len(e.fleet) == 0 {
			continue // a fleet takes as long as its servers
		}
		e.until, e.at = time.Time{}, c.now
		switch e.status {
		case "Deleting":
			c.stop(e.variants)
			delete(c.endpoints, key)
		case "Creating", "Updating":
			c.finish(e)
		default: // RollingBack, SystemUpdating, and weights
			e.status = "InService"
		}
	}
}

// find returns an endpoint by its name, in which case does not matter.
func (c *Cloud) find(in map[string]any) (*endpoint, error) {
	name := text(in, "EndpointName")
	if e := c.endpoints[strings.ToLower(name)]; e != nil {
		return e, nil
	}
	return nil, invalid("Could not find endpoint %q.", c.arn("endpoint", strings.ToLower(name)))
}

func (c *Cloud) createEndpoint(in map[string]any) (any, error) {
	name := text(in, "EndpointName")
	if e, err := c.find(in); err == nil {
		return nil, invalid("Cannot create already existing endpoint %q.", e.arn)
	}
	config, err := c.look(c.configs, "endpoint configuration", text(in, "EndpointConfigName"))
	if err != nil {
		return nil, err
	}
	if err := c.within(config); err != nil {
		return nil, err
	}
	e := &endpoint{name: name, arn: c.arn("endpoint", strings.ToLower(name)), tags: tagsOf(in), status: "Creating", pending: config.name, created: c.now, at: c.now, until: c.now.Add(createTime)}
	c.endpoints[strings.ToLower(name)] = e
	c.begin(e)
	return map[string]any{"EndpointArn": e.arn}, nil
}

// busy refuses what cannot be done while something is under way.
func (e *endpoint) busy(verb string) error {
	switch e.status {
	case "InService", "Failed", "OutOfService", "UpdateRollbackFailed":
		return nil
	}
	return invalid("Cannot %s in-progress endpoint %q.", verb, e.arn)
}

func (c *Cloud) updateEndpoint(in map[string]any) (any, error) {
	e, err := c.find(in)
	if err == nil {
		err = e.busy("update")
	}
	if err != nil {
		return nil, err
	}
	if e.status == "Failed" {
		return nil, invalid("Cannot update endpoint %q in Failed status.", e.arn)
	}
	config, err := c.look(c.configs, "endpoint configuration", text(in, "EndpointConfigName"))
	if err == nil {
		err = c.within(config)
	}
	if err != nil {
		return nil, err
	}
	if how, ok := in["DeploymentConfig"].(map[string]any); ok {
		if err := c.guard(e, config, how); err != nil {
			return nil, err
		}
	}
	if c.asyncOf(e) != nil && config.body["AsyncInferenceConfig"] == nil {
		return nil, invalid("The AsyncInferenceConfig parameter cannot be removed from this endpoint %s.", e.name)
	}
	if err := c.keepsScaling(e, config); err != nil {
		return nil, err
	}
	if config.name == e.config {
		return nil, invalid("Endpoint %q already uses the endpoint configuration %q.", e.arn, config.name)
	}
	e.pending, e.status, e.until, e.at = config.name, "Updating", c.now.Add(updateTime), c.now
	e.hidden = c.requests + c.StaleEndpoint
	e.retain = in["RetainAllVariantProperties"] == true
	c.begin(e)
	return map[string]any{"EndpointArn": e.arn}, nil
}

func (c *Cloud) deleteEndpoint(in map[string]any) (any, error) {
	e, err := c.find(in)
	if err == nil {
		err = e.busy("delete")
	}
	if err != nil {
		return nil, err
	}
	e.status, e.until, e.at = "Deleting", c.now.Add(deleteTime), c.now
	return nil, nil
}

func (c *Cloud) updateWeights(in map[string]any) (any, error) {
	e, err := c.find(in)
	if err == nil {
		err = e.busy("update")
	}
	if err != nil {
		return nil, err
	}
	list, _ := in["DesiredWeightsAndCapacities"].([]any)
	for _, item := range list {
		wanted, _ := item.(map[string]any)
		for _, v := range e.variants {
			if v.shadow || v.name != text(wanted, "VariantName") {
				continue
			}
			if n, ok := wanted["DesiredWeight"].(float64); ok {
				v.weight = n
			}
			if n, ok := wanted["DesiredInstanceCount"].(float64); ok {
				v.count = n
			}
		}
	}
	e.status, e.until, e.at = "Updating", c.now.Add(weightTime), c.now
	return map[string]any{"EndpointArn": e.arn}, nil
}

func (c *Cloud) describeEndpoint(in map[string]any) (any, error) {
	e, err := c.find(in)
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"EndpointName": e.name, "EndpointArn": e.arn, "EndpointStatus": e.status,
		"CreationTime": timestamp(e.created), "LastModifiedTime": timestamp(e.at),
	}
	if e.config != "" {
		out["EndpointConfigName"] = e.config
	}
	if e.pending != "" && c.requests <= e.hidden {
		out["EndpointStatus"] = "InService"
	} else if e.pending != "" && e.config != "" {
		out["PendingDeploymentSummary"] = map[string]any{"EndpointConfigName": e.pending, "StartTime": timestamp(e.at)}
	} else if e.pending != "" {
		out["EndpointConfigName"] = e.pending
	}
	if async := c.asyncOf(e); async != nil {
		out["AsyncInferenceConfig"] = async
	}
	if e.failure != "" {
		out["FailureReason"] = e.failure
	}
	var variants, shadows []any
	for _, v := range e.variants {
		one := map[string]any{
			"VariantName": v.name, "CurrentWeight": v.weight, "DesiredWeight": v.weight,
			"DeployedImages": []any{map[string]any{"SpecifiedImage": v.image, "ResolvedImage": v.image, "ResolutionTime": timestamp(e.at)}},
		}
		if v.serverless != nil {
			one["CurrentServerlessConfig"] = v.serverless
		} else {
			one["CurrentInstanceCount"], one["DesiredInstanceCount"] = v.count, v.count
		}
		if v.shadow {
			shadows = append(shadows, one)
			continue
		}
		variants = append(variants, one)
	}
	if variants != nil {
		out["ProductionVariants"] = variants
	}
	if shadows != nil {
		out["ShadowProductionVariants"] = shadows
	}
	return out, nil
}
