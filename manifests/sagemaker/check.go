package sagemaker

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

// port is where SageMaker sends requests.
const port = 8080

// What SageMaker limits: the variables of a server, and the tags that are left beside
// those of a record.
const (
	mostVariables   = 100
	longestVariable = 1024
	allVariables    = 32 << 10
	mostTags        = 10
	mostSubnets     = 16
	mostGroups      = 5
)

func problem(rule, message, hint string) deployfile.Problem {
	return deployfile.Problem{Rule: rule, Message: message, Hint: hint}
}

// Check implements deployfile.Spec.
func (s *Spec) Check(c *deployfile.Check) {
	s.Rollout.Check(c)
	s.checkMirror(c)
	s.checkInstances(c)
	s.checkServerless(c)
	s.checkGuarded(c)
	s.checkAutoscale(c)
	s.checkAsync(c)
	s.checkModelData(c)
	s.checkImage(c)
	s.checkPlatform(c)
	s.checkBatch(c)
	s.checkEnv(c)
	s.checkLists(c)
	if c.Has("port") && c.Target().Port != port {
		c.AtValue(problem("conflict", fmt.Sprintf("%s is %d, but SageMaker sends requests to port %d", c.Called("port"), c.Target().Port, port), "leave it out: the server is told that port"), "port")
	}
}

func (s *Spec) checkMirror(c *deployfile.Check) {
	if c.Has("mirror") && s.Strategy != manifests.StrategyBlueGreen && !c.Reported("strategy") {
		c.AtKey(problem("misplaced-key", fmt.Sprintf("%s is only for strategy %q", c.Called("mirror"), manifests.StrategyBlueGreen), fmt.Sprintf("remove it, or write: strategy = %q", manifests.StrategyBlueGreen)), "mirror")
	}
}

func (s *Spec) checkInstances(c *deployfile.Check) {
	hasType, serverless := c.Written("instance-type"), c.Written("serverless")
	switch {
	case hasType && serverless:
		c.AtKey(problem("conflict", fmt.Sprintf("%s and %s are two ways to run the server", c.Called("instance-type"), c.Called("serverless")), "remove one of them"), "instance-type")
	case !hasType && !serverless && !c.Reported("serverless"):
		c.AtKey(problem("missing-key", fmt.Sprintf("%s is missing: it is what the server runs on", c.Called("instance-type")), `for example: instance-type = "ml.m5.large", or a table [targets.`+c.Target().Name+`.serverless]`), "instance-type")
	}
}

// checkServerless reports what serverless endpoints do not have.
func (s *Spec) checkServerless(c *deployfile.Check) {
	if s.Serverless == nil || !c.Has("serverless") {
		return
	}
	for _, key := range []string{"replicas", "startup-timeout", "volume-size", "vpc", "network-isolation", "data-capture", "kms-key"} {
		if c.Has(key) {
			c.AtKey(problem("conflict", fmt.Sprintf("a serverless endpoint has no %s", c.Called(key)), "leave out one of the two"), key)
		}
	}
	if c.Has("strategy") && s.Strategy != manifests.StrategyRolling {
		c.AtValue(problem("conflict", fmt.Sprintf("%s %q is not for a serverless endpoint, which has one release at a time", c.Called("strategy"), s.Strategy), `leave out one of the two, or write: strategy = "rolling"`), "strategy")
	}
	if memory := s.Serverless.Memory; c.Has("serverless", "memory") && memory >= 1024 && memory%1024 != 0 {
		c.AtValue(problem("invalid-value", fmt.Sprintf("%s must be a multiple of 1024, but is %d", c.Called("serverless", "memory"), memory), fmt.Sprintf("write %d", (memory+1023)/1024*1024)), "serverless", "memory")
	}
	if p := s.Serverless.ProvisionedConcurrency; c.Has("serverless", "provisioned-concurrency") && p > s.Serverless.MaxConcurrency && !c.Reported("serverless", "max-concurrency") {
		c.AtValue(problem("conflict", fmt.Sprintf("%s is %d, more than max-concurrency, which is %d", c.Called("serverless", "provisioned-concurrency"), p, s.Serverless.MaxConcurrency), ""), "serverless", "provisioned-concurrency")
	}
}

// checkImage checks where the image is: SageMaker pulls from ECR in its own region.
func (s *Spec) checkImage(c *deployfile.Check) {
	repository := c.Repository()
	if repository == "" || c.Reported("image") || c.FileReported("image", "tags") {
		return
	}
	const example = `for example: image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/iris"`
	registry, ok := ParseRepository(repository)
	at := []string{"image"}
	if !c.Written("image") {
		at = []string{"kind"}
	}
	switch {
	case !ok:
		c.AtValue(problem("invalid-image", fmt.Sprintf("SageMaker pulls from ECR alone, and %q is elsewhere", repository), "set "+c.Called("image")+", "+example), at...)
	case c.Has("region") && s.Region != registry.Region:
		c.AtValue(problem("conflict", fmt.Sprintf("%s is %q, but the image is in %q: SageMaker pulls from its own region alone", c.Called("region"), s.Region, registry.Region), "name a repository in that region, or another region"), "region")
	case c.Has("execution-role") && accountOf(s.ExecutionRole) != registry.Account:
		c.Warn(problem("other-account", fmt.Sprintf("the image is in account %s, and %s in %s", registry.Account, c.Called("execution-role"), accountOf(s.ExecutionRole)), "the repository's policy must let that account pull"), "execution-role")
	}
}

func (s *Spec) checkPlatform(c *deployfile.Check) {
	want, key := "linux/amd64", "serverless"
	if s.Serverless == nil {
		want, key = Platform(s.InstanceType), "instance-type"
	}
	built := c.File().Image.Platforms
	if !c.Has(key) || len(built) == 0 || c.FileReported("image", "platforms") || slices.Contains(built, want) {
		return
	}
	c.AtValue(problem("conflict", fmt.Sprintf("%s runs %s, but the image is built for %s", c.Called(key), want, strings.Join(built, ", ")), fmt.Sprintf("write: platforms = [%q], or use another type of instance", want)), key)
}

// checkEnv checks the server's variables. That of the port is deployfile's.
func (s *Spec) checkEnv(c *deployfile.Check) {
	all := 0
	variables := s.environment()
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		value := variables[name]
		all += len(name) + len(value)
		at := []string{"env", name}
		if name == deployfile.ModelConfigVariable && !c.Written(at...) {
			at = []string{"model-config"}
		}
		switch {
		case !c.Has(at...):
		case name == "PORT":
			c.AtKey(problem("conflict", fmt.Sprintf("%s is always %d on SageMaker", c.Called(at...), port), "remove it"), at...)
		case len(name) > longestVariable || len(value) > longestVariable:
			c.AtKey(problem("out-of-range", fmt.Sprintf("%s is longer than %d bytes, more than SageMaker takes", c.Called(at...), longestVariable), "put it into the image, with [environment] env or [server] model-config"), at...)
		}
	}
	switch {
	case !c.Has("env"):
	case len(variables) > mostVariables:
		c.AtKey(problem("out-of-range", fmt.Sprintf("%s has more variables than the %d that SageMaker takes, one of which is PORT", c.Called("env"), mostVariables), "put some into the image, with [environment] env"), "env")
	case all > allVariables:
		c.AtKey(problem("out-of-range", fmt.Sprintf("%s has %d bytes, more than the %d that SageMaker takes", c.Called("env"), all, allVariables), "put some into the image, with [environment] env"), "env")
	}
}

func (s *Spec) checkLists(c *deployfile.Check) {
	most := func(n, limit int, keys ...string) {
		if c.Has(keys...) && (n > limit || n == 0) {
			c.AtValue(problem("out-of-range", c.Called(keys...)+" must have from 1 to "+strconv.Itoa(limit)+", but has "+strconv.Itoa(n), ""), keys...)
		}
	}
	if len(s.ResourceTags) > mostTags {
		most(len(s.ResourceTags), mostTags, "resource-tags")
	}
	if s.VPC != nil {
		most(len(s.VPC.Subnets), mostSubnets, "vpc", "subnets")
		most(len(s.VPC.SecurityGroups), mostGroups, "vpc", "security-groups")
	}
}
