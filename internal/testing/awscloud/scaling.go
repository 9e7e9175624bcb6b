package awscloud

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// scaling is the autoscaling of a variant: the requests that it was made by, its policies by
// their names.
type scaling struct {
	target   map[string]any
	policies map[string]map[string]any
}

func notScaled(what string) *refusal {
	return &refusal{http.StatusBadRequest, "ObjectNotFoundException", "No scalable target found for " + what}
}

// scaled returns the autoscaling of a resource, and its variant; nil for none.
func (c *Cloud) scaled(in map[string]any) (*scaling, *variant) {
	resource := text(in, "ResourceId")
	parts := strings.Split(resource, "/")
	if len(parts) != 4 || parts[0] != "endpoint" || parts[2] != "variant" {
		return nil, nil
	}
	var found *variant
	if e := c.endpoints[strings.ToLower(parts[1])]; e != nil {
		for _, v := range e.variants {
			if v.name == parts[3] {
				found = v
			}
		}
	}
	return c.scalings[resource], found
}

func (c *Cloud) register(in map[string]any) (any, error) {
	s, v := c.scaled(in)
	if v == nil || v.serverless != nil {
		return nil, invalid("SageMaker endpoint or variant does not exist: %s", text(in, "ResourceId"))
	}
	if s == nil {
		s = &scaling{policies: map[string]map[string]any{}}
		c.scalings[text(in, "ResourceId")] = s
	}
	s.target = maps.Clone(in)
	least, _ := in["MinCapacity"].(float64)
	most, _ := in["MaxCapacity"].(float64)
	if least > most {
		return nil, invalid("Maximum capacity cannot be less than minimum capacity")
	}
	v.count = min(max(v.count, least), most)
	return map[string]any{"ScalableTargetARN": c.scalingARN("scalable-target", text(in, "ResourceId"))}, nil
}

func (c *Cloud) scalingARN(kind, resource string) string {
	return fmt.Sprintf("arn:aws:application-autoscaling:%s:%s:%s/%s", c.Region, c.Account, kind, resource)
}

func (c *Cloud) putPolicy(in map[string]any) (any, error) {
	s, _ := c.scaled(in)
	if s == nil {
		return nil, notScaled(text(in, "ResourceId"))
	}
	name := text(in, "PolicyName")
	if kind := text(in, "PolicyType"); (kind == "StepScaling") != (in["StepScalingPolicyConfiguration"] != nil) || (kind == "TargetTrackingScaling") != (in["TargetTrackingScalingPolicyConfiguration"] != nil) {
		return nil, invalid("The policy type %s needs its own configuration", kind)
	}
	s.policies[name] = maps.Clone(in)
	return map[string]any{"PolicyARN": c.scalingARN("policy", text(in, "ResourceId")+":policyName/"+name)}, nil
}

func (c *Cloud) deletePolicy(in map[string]any) (any, error) {
	s, _ := c.scaled(in)
	if s == nil || s.policies[text(in, "PolicyName")] == nil {
		return nil, &refusal{http.StatusBadRequest, "ObjectNotFoundException", "No scaling policy found"}
	}
	delete(s.policies, text(in, "PolicyName"))
	return nil, nil
}

func (c *Cloud) deregister(in map[string]any) (any, error) {
	if s, _ := c.scaled(in); s == nil {
		return nil, notScaled(text(in, "ResourceId"))
	}
	delete(c.scalings, text(in, "ResourceId"))
	return nil, nil
}

func (c *Cloud) describeScaling(in map[string]any) (any, error) {
	out := []any{}
	ids, _ := in["ResourceIds"].([]any)
	for _, id := range ids {
		name, _ := id.(string)
		if s := c.scalings[name]; s != nil {
			one := maps.Clone(s.target)
			one["RoleARN"], one["CreationTime"] = "arn:aws:iam::"+c.Account+":role/aws-service-role/sagemaker", timestamp(c.now)
			one["SuspendedState"] = map[string]any{"DynamicScalingInSuspended": false}
			out = append(out, one)
		}
	}
	return map[string]any{"ScalableTargets": out}, nil
}

func (c *Cloud) describePolicies(in map[string]any) (any, error) {
	out := []any{}
	if s, _ := c.scaled(in); s != nil {
		for _, name := range slices.Sorted(maps.Keys(s.policies)) {
			one := maps.Clone(s.policies[name])
			one["PolicyARN"], one["CreationTime"], one["Alarms"] = c.scalingARN("policy", text(in, "ResourceId")+":policyName/"+name), timestamp(c.now), []any{}
			out = append(out, one)
		}
	}
	return map[string]any{"ScalingPolicies": out}, nil
}

// Scale sets the number of instances of the live variant, as autoscaling does, and
// Instances returns it.
func (c *Cloud) Scale(name string, count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endpoints[strings.ToLower(name)].variants[0].count = float64(count)
}

// Instances returns the number of instances of the live variant.
func (c *Cloud) Instances(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.endpoints[strings.ToLower(name)].variants[0].count)
}

// keepsScaling refuses another type of instance for a variant with autoscaling.
func (c *Cloud) keepsScaling(e *endpoint, to *object) error {
	if c.configs[e.config] == nil {
		return nil
	}
	for _, was := range variantsOf(c.configs[e.config]) {
		for _, v := range variantsOf(to) {
			resource := "endpoint/" + e.name + "/variant/" + text(v, "VariantName")
			if text(was, "VariantName") == text(v, "VariantName") && text(was, "InstanceType") != text(v, "InstanceType") && c.scalings[resource] != nil {
				return invalid("The variant(s) %q must be deregistered as a scalable target with AWS Auto Scaling before changing the instance type.", text(v, "VariantName"))
			}
		}
	}
	return nil
}
