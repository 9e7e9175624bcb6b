package cluster

import (
	"fmt"
	"strconv"

	"github.com/deployfile/deployfile/deployfile"
)

// problem is short for a deployfile.Problem.
func problem(rule, message, hint string) deployfile.Problem {
	return deployfile.Problem{Rule: rule, Message: message, Hint: hint}
}

// Check reports what is wrong with keys beside each other. apart is the key that
// leaves the model out of the image, "" if none does.
func (p *Pod) Check(c *deployfile.Check, apart string) {
	p.Rollout.Check(c)
	p.checkGPUs(c)
	p.checkAccount(c)
	p.checkTolerations(c)
	p.checkPatches(c)
	p.checkApart(c, apart)
}

func (p *Pod) checkGPUs(c *deployfile.Check) {
	if c.Has("resources", "gpu-resource") && p.Resources.GPUs == 0 && !c.Reported("resources", "gpus") {
		c.AtKey(problem(
			"misplaced-key", c.Called("resources", "gpu-resource")+" is only for a target with GPUs", "remove it, or write for example: gpus = 1",
		), "resources", "gpu-resource")
	}
}

func (p *Pod) checkAccount(c *deployfile.Check) {
	if c.Has("service-account", "annotations") && !p.ServiceAccount.Create && !c.Reported("service-account", "create") {
		c.AtKey(problem(
			"misplaced-key", c.Called("service-account", "annotations")+" is only for an account that is made", "remove it, or write: create = true",
		), "service-account", "annotations")
	}
}

func (p *Pod) checkTolerations(c *deployfile.Check) {
	for i, t := range p.Tolerations {
		value := []string{"tolerations", strconv.Itoa(i), "value"}
		if c.Has(value...) && t.Value != "" && t.Key == "" && !c.Reported("tolerations", value[1], "key") {
			c.AtKey(problem("missing-key", c.Called(value...)+" needs a key: without one, a toleration is for all taints", ""), value...)
		}
	}
}

// checkApart checks that a model that is not in the image has a repository to
// come from, and is all that goes with the environment.
func (p *Pod) checkApart(c *deployfile.Check, apart string) {
	if apart == "" || !c.Has(apart) {
		return
	}
	if len(c.File().Environment.Code) > 0 {
		c.AtKey(problem(
			"misplaced-key", fmt.Sprintf("%s leaves out the code of [environment]: it is neither part of the environment's image nor of the model", c.Called(apart)),
			"remove it, or save the code with the model (code_paths of MLflow's save_model)",
		), apart)
	}
	if c.Target().Image == "" && len(c.File().Image.Tags) == 0 && !c.Reported("image") && !c.FileReported("image", "tags") {
		c.AtKey(problem(
			"missing-key", c.Called(apart)+" needs a repository that the cluster pulls the model from",
			`name it here, image = "registry.example.com/team/iris", or write [image] tags`,
		), apart)
	}
}

// Check reports what is wrong with the keys beside each other and beside those
// of the target. serverless is for instances of Knative, which count requests
// and not the CPU; replicas reports a fixed number beside the table.
func (a *Autoscale) Check(c *deployfile.Check, serverless bool) {
	if !c.Has("autoscale") {
		return
	}
	if !serverless && c.Has("autoscale", "min") && a.Min < 1 {
		c.AtValue(problem(
			"out-of-range", fmt.Sprintf("%s must be at least 1, but is %d", c.Called("autoscale", "min"), a.Min),
			`only a target of kind "kserve" in mode "serverless" goes down to none`,
		), "autoscale", "min")
	}
	if c.Has("autoscale", "min") && c.Has("autoscale", "max") && a.Min > a.Max {
		c.AtValue(problem("conflict", fmt.Sprintf("%s is %d, more than max, which is %d", c.Called("autoscale", "min"), a.Min, a.Max), ""), "autoscale", "min")
	}
	if !serverless && !c.Reported("mode") && !c.Written("resources", "cpu") && !c.Reported("resources") {
		c.AtKey(problem(
			"missing-key", c.Called("autoscale")+" follows the use of the requested CPU, and none is requested",
			"set "+c.Called("resources", "cpu"),
		), "autoscale")
	}
	if c.Has("replicas") {
		c.AtKey(problem(
			"conflict", fmt.Sprintf("%s is set, so %s has no effect", c.Called("autoscale"), c.Called("replicas")), "leave out one of the two",
		), "replicas")
	}
}
