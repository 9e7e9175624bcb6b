package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/deployfile/deployfile/publish"
)

var _ publish.Checker = (*Publisher)(nil)

// checkLimit is how long the checks may take in all: a network that leads to SageMaker
// need not lead to IAM.
const checkLimit = 20 * time.Second

// Check implements publish.Checker with what AWS says of the execution role, of the
// caller's permissions and of the quota. No request of it changes anything.
func (p *Publisher) Check(ctx context.Context) []publish.Finding {
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	c := &check{connection: p.connection}
	c.account(limited)
	c.trust(limited)
	c.permissions(limited)
	c.quota(limited)
	return c.All("docs/targets/sagemaker.md has the policy that is needed")
}

// check collects what Check finds.
type check struct {
	*connection
	publish.Findings
	// caller is the ARN of whoever asks, "" if it is not known.
	caller string
	// alien is whether the role is of another account, of which nothing can be asked.
	alien bool
}

// unasked notes what could not be asked.
func (c *check) unasked(what string, err error) {
	var e smithy.APIError
	code := ""
	if errors.As(err, &e) {
		code = e.ErrorCode()
	}
	c.Unasked(what, code, err)
}

// account finds out who asks, and compares the accounts: no role of another can be passed.
func (c *check) account(ctx context.Context) {
	who, err := sts.NewFromConfig(c.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		c.unasked("who you are", err)
		return
	}
	c.caller = aws.ToString(who.Arn)
	if account := arnOf(c.keys.ExecutionRole).account; account != aws.ToString(who.Account) {
		c.alien = true
		c.Fail(fmt.Sprintf("the execution role is in account %s, and your credentials are for %s: SageMaker takes a role of its own account alone", account, aws.ToString(who.Account)),
			"name a role of that account, or use other credentials, with profile or assume-role", "execution-role")
	}
}

// quota compares the quota of the instance type with what the endpoint needs at least.
func (c *check) quota(ctx context.Context) {
	if c.keys.Serverless != nil {
		return
	}
	name := c.instanceType + " for endpoint usage"
	pages := servicequotas.NewListServiceQuotasPaginator(servicequotas.NewFromConfig(c.config), &servicequotas.ListServiceQuotasInput{
		ServiceCode: aws.String("sagemaker"), MaxResults: aws.Int32(100),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			c.unasked("the quota of instances", err)
			return
		}
		for _, q := range page.Quotas {
			if aws.ToString(q.QuotaName) == name && q.Value != nil {
				c.within(ctx, int(*q.Value), aws.ToString(q.QuotaCode))
				return
			}
		}
	}
	// A region may have the type without saying its quota; CreateEndpoint says the rest.
}

// within compares a quota, which all endpoints of the account share.
func (c *check) within(ctx context.Context, quota int, code string) {
	needs, key := c.keys.Instances(), "replicas"
	if c.keys.Autoscale != nil {
		key = "autoscale"
	}
	if quota == 0 || needs <= 1 {
		key = "instance-type"
	}
	more := fmt.Sprintf("ask for more: aws service-quotas request-service-quota-increase --region %s --service-code sagemaker --quota-code %s --desired-value %d", c.region, code, 2*needs)
	if quota < needs {
		c.Fail(fmt.Sprintf("your account may run %d instances of %s in %s, and the endpoint needs %d", quota, c.instanceType, c.region, needs), more, key)
		return
	}
	rolls := c.keys.Guarded != nil && c.keys.Guarded.Type == "rolling"
	if quota >= 2*needs || rolls {
		return
	}
	if e, err := c.look(ctx); err == nil && e != nil {
		c.Warn(fmt.Sprintf("an update runs %d instances of %s beside the %d old ones, and your account may run %d", needs, c.instanceType, needs, quota), more, key)
	}
}

// arn is the name of something in AWS.
type arn struct{ partition, service, region, account, resource string }

// arnOf parses an ARN, which is empty if it is none.
func arnOf(text string) arn {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 {
		return arn{}
	}
	return arn{parts[1], parts[2], parts[3], parts[4], parts[5]}
}
