package sagemaker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	spec "github.com/deployfile/deployfile/manifests/sagemaker"
)

// hosting is the service that assumes the execution role.
const hosting = "sagemaker.amazonaws.com"

// trust checks that the execution role is there, and that SageMaker may assume it.
func (c *check) trust(ctx context.Context) {
	if c.alien {
		return
	}
	role, err := c.role(ctx, c.keys.ExecutionRole)
	var none *types.NoSuchEntityException
	switch {
	case errors.As(err, &none):
		c.Fail("there is no role "+c.keys.ExecutionRole, "", "execution-role")
		c.alien = true
		return
	case err != nil:
		c.unasked("the trust of execution-role", err)
		return
	}
	trusts, err := trustsHosting(aws.ToString(role.AssumeRolePolicyDocument))
	if err != nil {
		c.unasked("the trust of execution-role", err)
	} else if !trusts {
		c.Fail("the trust policy of the role does not let "+hosting+" assume it", `it needs a statement with "Principal": {"Service": "`+hosting+`"} and "Action": "sts:AssumeRole"`, "execution-role")
	}
}

// role returns a role by an ARN that has its name at its end.
func (c *check) role(ctx context.Context, named string) (*types.Role, error) {
	out, err := iam.NewFromConfig(c.config).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(named[strings.LastIndex(named, "/")+1:])})
	if err != nil {
		return nil, err
	}
	return out.Role, nil
}

// texts is what a policy says of one thing: a text, or a list of them.
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

// list is a list whose only item may stand alone.
type list[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	var one T
	if !strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		err := json.Unmarshal(data, &one)
		*l = list[T]{one}
		return err
	}
	return json.Unmarshal(data, (*[]T)(l))
}

// principals are who a statement is about: "*" or a table.
type principals struct{ Service texts }

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(data []byte) error {
	type table principals
	if json.Unmarshal(data, &p.Service) == nil {
		return nil // "*"
	}
	return json.Unmarshal(data, (*table)(p))
}

// trustsHosting reports whether a trust policy, as IAM encodes it, lets SageMaker assume
// the role. Conditions are not looked at.
func trustsHosting(encoded string) (bool, error) {
	text, err := url.PathUnescape(encoded)
	if err != nil {
		return false, err
	}
	var policy struct {
		Statement list[struct {
			Effect    string
			Principal principals
			Action    texts
		}]
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return false, fmt.Errorf("its policy: %w", err)
	}
	for _, s := range policy.Statement {
		may := slices.ContainsFunc(s.Action, func(a string) bool { return strings.EqualFold(a, "sts:AssumeRole") || a == "sts:*" || a == "*" })
		if s.Effect == "Allow" && may && (slices.Contains(s.Principal.Service, hosting) || slices.Contains(s.Principal.Service, "*")) {
			return true, nil
		}
	}
	return false, nil
}

// request is what somebody needs to be allowed.
type request struct {
	resource string
	actions  []string
	// passed is the service that a role is passed to, "" for no role.
	passed string
}

// permissions checks what the caller and the execution role are allowed. What IAM
// simulates knows neither policies of resources nor all conditions.
func (c *check) permissions(ctx context.Context) {
	if c.caller == "" {
		return
	}
	if err := c.ownPermissions(ctx); err != nil {
		c.unasked("your permissions", err)
	}
	if c.alien {
		return
	}
	lacks, _, err := c.simulate(ctx, c.keys.ExecutionRole, c.executing())
	switch {
	case err != nil:
		c.unasked("the permissions of execution-role", err)
	case lacks != "":
		c.Warn("the execution role lacks permissions, unless policies of the resources give them: "+lacks, "", "execution-role")
	}
}

func (c *check) ownPermissions(ctx context.Context) error {
	own, err := c.principal(ctx)
	if err != nil || own == "" {
		return err
	}
	lacks, sure, err := c.simulate(ctx, own, c.needed())
	switch {
	case err != nil:
		return err
	case lacks != "" && sure:
		c.Fail("you lack permissions: "+lacks, "docs/targets/sagemaker.md has the policy that is needed")
		return nil
	case lacks != "":
		c.Warn("you may lack permissions: "+lacks, "")
		return nil
	}
	lacks, _, err = c.simulate(ctx, own, c.cleaning())
	if err == nil && lacks != "" {
		c.Warn("you lack permissions, so what fails could not be removed again: "+lacks, "")
	}
	return err
}

// principal returns the user or the role whose policies the caller has, "" for one that has
// none: the root of an account.
func (c *check) principal(ctx context.Context) (string, error) {
	who := arnOf(c.caller)
	kind, rest, _ := strings.Cut(who.resource, "/")
	switch kind {
	case "user":
		return c.caller, nil
	case "assumed-role":
		// The path of the role, such as that of AWS's own, is not in the session's name.
		name, _, _ := strings.Cut(rest, "/")
		role, err := c.role(ctx, name)
		if err != nil {
			return "", err
		}
		return aws.ToString(role.Arn), nil
	}
	return "", nil
}

// named returns the ARN of an object of SageMaker's.
func (c *check) named(kind, name string) string {
	role := arnOf(c.keys.ExecutionRole)
	return strings.Join([]string{"arn", role.partition, "sagemaker", c.region, role.account, kind + "/" + name}, ":")
}

// needed is what each first deployment does.
func (c *check) needed() []request {
	model, config, endpoint := c.named("model", c.modelName(1)), c.named("endpoint-config", c.configName(1)), c.named("endpoint", c.endpoint)
	out := []request{
		{resource: "*", actions: []string{"sagemaker:ListModels"}},
		{resource: model, actions: []string{"sagemaker:CreateModel", "sagemaker:AddTags", "sagemaker:ListTags"}},
		{resource: config, actions: []string{"sagemaker:CreateEndpointConfig"}},
		{resource: endpoint, actions: []string{"sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint", "sagemaker:DescribeEndpoint"}},
		{resource: c.keys.ExecutionRole, actions: []string{"iam:PassRole"}, passed: hosting},
	}
	if at, ok := locationOf(c.keys.Data); ok {
		out = append(out, c.inS3(at, "s3:PutObject"), request{resource: c.bucket(at), actions: []string{"s3:ListBucket"}})
	}
	if c.keys.Autoscale != nil {
		out = append(out, request{resource: "*", actions: []string{"application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"}})
		if c.keys.Async != nil && c.keys.Autoscale.Min == 0 {
			out = append(out, request{resource: "*", actions: []string{"cloudwatch:PutMetricAlarm"}})
		}
	}
	return out
}

// cleaning is what removes a deployment that failed.
func (c *check) cleaning() []request {
	out := []request{
		{resource: c.named("model", c.modelName(1)), actions: []string{"sagemaker:DeleteModel"}},
		{resource: c.named("endpoint-config", c.configName(1)), actions: []string{"sagemaker:DeleteEndpointConfig"}},
		{resource: c.named("endpoint", c.endpoint), actions: []string{"sagemaker:DeleteEndpoint"}},
	}
	if at, ok := locationOf(c.keys.Data); ok {
		out = append(out, c.inS3(at, "s3:DeleteObject"))
	}
	if c.keys.Autoscale != nil {
		out = append(out, request{resource: "*", actions: []string{"application-autoscaling:DeregisterScalableTarget"}})
	}
	return out
}

// executing is what an instance does before it answers.
func (c *check) executing() []request {
	role := arnOf(c.keys.ExecutionRole)
	out := []request{{resource: "*", actions: []string{"ecr:GetAuthorizationToken"}}}
	if registry, ok := spec.ParseRepository(c.repository); ok {
		repository := strings.Join([]string{"arn", role.partition, "ecr", registry.Region, registry.Account, "repository" + strings.TrimPrefix(c.repository, registry.Host)}, ":")
		out = append(out, request{resource: repository, actions: []string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}})
	}
	if c.keys.Async != nil {
		if at, ok := locationOf(c.keys.Async.Output); ok {
			out = append(out, c.inS3(at, "s3:PutObject"))
		}
	}
	if at, ok := locationOf(c.keys.Data); ok {
		out = append(out, c.inS3(at, "s3:GetObject"), request{resource: c.bucket(at), actions: []string{"s3:ListBucket"}})
	}
	return out
}

// bucket returns the ARN of a location's bucket, and inS3 what is done to an object there.
func (c *check) bucket(at location) string {
	return "arn:" + arnOf(c.keys.ExecutionRole).partition + ":s3:::" + at.bucket
}

func (c *check) inS3(at location, action string) request {
	return request{resource: c.bucket(at) + "/" + at.under(c.endpoint+"/any").key, actions: []string{action}}
}

// simulate returns what somebody lacks of requests, "" for nothing. It is not sure if a
// condition may decide otherwise.
func (c *check) simulate(ctx context.Context, principal string, requests []request) (lacks string, sure bool, err error) {
	client := iam.NewFromConfig(c.config)
	var all []string
	sure = true
	for _, r := range requests {
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(principal), ActionNames: r.actions, ResourceArns: []string{r.resource}}
		if r.passed != "" {
			in.ContextEntries = []types.ContextEntry{{ContextKeyName: aws.String("iam:PassedToService"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{r.passed}}}
		}
		out, err := client.SimulatePrincipalPolicy(ctx, in)
		if err != nil {
			return "", false, err
		}
		var denied []string
		for _, e := range out.EvaluationResults {
			if e.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				denied = append(denied, aws.ToString(e.EvalActionName))
				sure = sure && len(e.MissingContextValues) == 0
			}
		}
		if len(denied) > 0 {
			all = append(all, strings.Join(denied, " and ")+" on "+r.resource)
		}
	}
	return strings.Join(all, ", "), sure, nil
}
