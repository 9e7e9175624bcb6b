package awscloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Policy is what somebody may do.
type Policy struct{ Statement []Statement }

// Statement allows or denies actions on resources, each with "*" for any text.
type Statement struct {
	Effect           string
	Action, Resource texts
	// Condition is one that nobody knows: the statement decides nothing.
	Condition json.RawMessage
}

// texts is a text or a list of them.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// allows decides on an action as IAM does: what is not allowed is denied, and what is
// denied is denied in spite of what is allowed.
func (p *Policy) allows(action, resource string) string {
	decision := "implicitDeny"
	for _, s := range p.Statement {
		matches := func(pattern string, text string) bool {
			// In a path a star stops at a slash, which IAM does not know.
			flat := strings.NewReplacer("/", "\x00")
			ok, _ := path.Match(flat.Replace(pattern), flat.Replace(text))
			return ok
		}
		if s.Condition != nil || !slices.ContainsFunc(s.Action, func(a string) bool { return matches(strings.ToLower(a), strings.ToLower(action)) }) ||
			!slices.ContainsFunc(s.Resource, func(r string) bool { return matches(r, resource) }) {
			continue
		}
		if s.Effect == "Deny" {
			return "explicitDeny"
		}
		decision = "allowed"
	}
	return decision
}

// trusting is the trust policy of a role that SageMaker may assume.
const trusting = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`

func (c *Cloud) getRole(in map[string]any) (any, error) {
	name := text(in, "RoleName")
	trust, known := c.Trust[name]
	if !known {
		trust = trusting
	}
	if trust == "" {
		return nil, &refusal{http.StatusNotFound, "NoSuchEntity", fmt.Sprintf("The role with name %s cannot be found.", name)}
	}
	return map[string]any{"Role": map[string]any{
		"Path": "/", "RoleName": name, "RoleId": "AROAEXAMPLEEXAMPLE", "Arn": c.roleARN(name), "CreateDate": timestamp(c.now),
		"AssumeRolePolicyDocument": url.PathEscape(trust),
	}}, nil
}

func (c *Cloud) roleARN(name string) string { return "arn:aws:iam::" + c.Account + ":role/" + name }

func (c *Cloud) simulatePolicy(in map[string]any) (any, error) {
	policy := c.Policies[text(in, "PolicySourceArn")]
	var results []any
	actions, _ := in["ActionNames"].([]any)
	resources, _ := in["ResourceArns"].([]any)
	for _, action := range actions {
		for _, resource := range resources {
			one := map[string]any{"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": "allowed", "MissingContextValues": []any{}}
			if policy != nil {
				one["EvalDecision"] = policy.allows(fmt.Sprint(action), fmt.Sprint(resource))
				if slices.ContainsFunc(policy.Statement, func(s Statement) bool { return s.Condition != nil }) {
					one["MissingContextValues"] = []any{"aws:SourceIp"}
				}
			}
			results = append(results, one)
		}
	}
	return map[string]any{"EvaluationResults": results, "IsTruncated": false}, nil
}

// may refuses what the caller's policy does not allow.
func (c *Cloud) may(operation string, in map[string]any) error {
	policy := c.Policies[c.Caller]
	if policy == nil {
		return nil
	}
	for _, a := range c.actionsOf(operation, in) {
		if policy.allows(a[0], a[1]) != "allowed" {
			return &refusal{http.StatusBadRequest, "AccessDeniedException", fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows it", c.Caller, a[0], a[1])}
		}
	}
	return nil
}

// actionsOf returns the actions that a request is, each with the resource.
func (c *Cloud) actionsOf(operation string, in map[string]any) (out [][2]string) {
	add := func(action, resource string) { out = append(out, [2]string{action, resource}) }
	service, name, other := strings.Cut(operation, ":")
	if other {
		switch service {
		case "sts":
		case "scaling":
			add("application-autoscaling:"+name, "*")
		case "alarms":
			add("cloudwatch:"+name, "*")
		case "quotas":
			add("servicequotas:"+name, "*")
		case "logs":
			add(operation, fmt.Sprintf("arn:aws:logs:%s:%s:log-group:%s", c.Region, c.Account, text(in, "logGroupName")))
		case "iam":
			resource := text(in, "PolicySourceArn")
			if role := text(in, "RoleName"); role != "" {
				resource = c.roleARN(role)
			}
			add(operation, resource)
		case "ecr":
			add(operation, c.ecrResource(in))
		}
		return out
	}
	name = operation
	for field, kind := range map[string]string{"ModelName": "model", "EndpointConfigName": "endpoint-config", "EndpointName": "endpoint", "TransformJobName": "transform-job"} {
		if value := text(in, field); value != "" {
			add("sagemaker:"+name, c.arn(kind, value))
			if in["Tags"] != nil && strings.HasPrefix(name, "Create") && strings.EqualFold(strings.TrimPrefix(name, "Create")+"Name", field) {
				add("sagemaker:AddTags", c.arn(kind, value))
			}
		}
	}
	if value := text(in, "ResourceArn"); value != "" {
		add("sagemaker:"+name, value)
	}
	if role := text(in, "ExecutionRoleArn"); role != "" {
		add("iam:PassRole", role)
	}
	if len(out) == 0 {
		add("sagemaker:"+name, "*")
	}
	return out
}

func (c *Cloud) ecrResource(in map[string]any) string {
	name := text(in, "repositoryName")
	if names, _ := in["repositoryNames"].([]any); len(names) > 0 {
		name, _ = names[0].(string)
	}
	if name == "" {
		return "*"
	}
	return fmt.Sprintf("arn:aws:ecr:%s:%s:repository/%s", c.Region, c.Account, name)
}

// listQuotas lists those of SageMaker, the ones that are set among many.
func (c *Cloud) listQuotas(in map[string]any) (any, error) {
	const pages = 3
	quota := func(name string, value int) any {
		return map[string]any{
			"ServiceCode": text(in, "ServiceCode"), "ServiceName": "Amazon SageMaker", "QuotaName": name, "QuotaCode": fmt.Sprintf("L-%08X", len(name)*7919),
			"Value": float64(value), "Unit": "None", "Adjustable": true, "GlobalQuota": false,
		}
	}
	page := 1
	_, _ = fmt.Sscanf(text(in, "NextToken"), "page%d", &page)
	var out []any
	for n := range 100 {
		out = append(out, quota(fmt.Sprintf("ml.x%d.%dxlarge for training job usage", page, n), 4))
	}
	answer := map[string]any{}
	if page < pages {
		answer["NextToken"] = fmt.Sprintf("page%d", page+1)
	} else {
		out = out[:10]
		for kind, value := range c.Quota {
			out = append(out, quota(kind+" for endpoint usage", value))
		}
	}
	answer["Quotas"] = out
	return answer, nil
}

func (c *Cloud) callerIdentity(map[string]any) (any, error) {
	account := strings.Split(c.Caller, ":")[4]
	return map[string]any{"Arn": c.Caller, "UserId": "AIDAEXAMPLEEXAMPLE", "Account": account}, nil
}
