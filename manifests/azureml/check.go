package azureml

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

// What Azure limits: the length of an endpoint's name, and the tags of a resource, one of
// which is deployfile's.
const (
	shortestName = 3
	longestName  = 32
	mostTags     = 14
)

// platform is that of all managed instances.
const platform = "linux/amd64"

func problem(rule, message, hint string) deployfile.Problem {
	return deployfile.Problem{Rule: rule, Message: message, Hint: hint}
}

// Check implements deployfile.Spec.
func (s *Spec) Check(c *deployfile.Check) {
	s.Rollout.Check(c)
	s.checkName(c)
	s.checkImage(c)
	s.checkEnv(c)
	s.checkAutoscale(c)
	// A record has no server, but the port that was filled in from it.
	if server := c.File().Server.Port; c.Has("port") && server != 0 && c.Target().Port != server {
		c.AtKey(problem("conflict", "Azure answers at port 443 alone, so "+c.Called("port")+" has no meaning", "remove it"), "port")
	}
	if c.Has("mirror") && s.Strategy != manifests.StrategyBlueGreen && !c.Reported("strategy") {
		c.AtKey(problem("misplaced-key", fmt.Sprintf("%s is only for strategy %q", c.Called("mirror"), manifests.StrategyBlueGreen), fmt.Sprintf("remove it, or write: strategy = %q", manifests.StrategyBlueGreen)), "mirror")
	}
	if c.Has("resource-tags") && len(s.ResourceTags) > mostTags {
		c.AtKey(problem("out-of-range", fmt.Sprintf("%s has %d tags, more than %d", c.Called("resource-tags"), len(s.ResourceTags), mostTags), ""), "resource-tags")
	}
}

// checkName checks the length of the endpoint's name, which may be the default.
func (s *Spec) checkName(c *deployfile.Check) {
	name := c.Endpoint()
	if name == "" || c.Reported("endpoint") || len(name) >= shortestName && len(name) <= longestName && !strings.Contains(name, "--") && (name[0] < '0' || name[0] > '9') {
		return
	}
	p := problem("invalid-name", fmt.Sprintf("Azure takes 3 to 32 letters, digits and single hyphens as the name of an endpoint, with a letter in front, and not %q", name), `for example: endpoint = "iris"`)
	if c.Written("endpoint") {
		c.AtValue(p, "endpoint")
		return
	}
	c.AtValue(p, "kind")
}

func (s *Spec) checkImage(c *deployfile.Check) {
	if built := c.File().Image.Platforms; len(built) > 0 && !c.FileReported("image", "platforms") && !slices.Contains(built, platform) {
		c.AtValue(problem("conflict", fmt.Sprintf("Azure runs %s, but the image is built for %s", platform, strings.Join(built, ", ")), fmt.Sprintf("write: platforms = [%q]", platform)), "kind")
	}
	repository := c.Repository()
	host, _, _ := strings.Cut(repository, "/")
	if repository == "" || c.Reported("image") || InACR(repository) {
		return
	}
	at := "image"
	if !c.Written(at) {
		at = "kind"
	}
	c.Warn(problem("other-registry", fmt.Sprintf("the image is in %s: from elsewhere than an Azure Container Registry, Azure pulls only what everybody may pull", host), `for example: image = "NAME.azurecr.io/team/iris"`), at)
}

// InACR reports whether a repository is in an Azure Container Registry, of whatever cloud.
func InACR(repository string) bool {
	host, _, _ := strings.Cut(repository, "/")
	return strings.HasSuffix(host, ".azurecr.io") || strings.HasSuffix(host, ".azurecr.cn") || strings.HasSuffix(host, ".azurecr.us")
}

// checkEnv refuses the variables that Azure and deployfile set.
func (s *Spec) checkEnv(c *deployfile.Check) {
	for _, name := range slices.Sorted(maps.Keys(s.Variables())) {
		if !c.Has("env", name) {
			continue
		}
		switch {
		case name == "PORT":
			c.AtKey(problem("conflict", c.Called("env", name)+" is set by deployfile, as the routes have the port, too", "remove it, or change port in [server]"), "env", name)
		case strings.HasPrefix(name, "AZUREML_"):
			c.AtKey(problem("conflict", c.Called("env", name)+" is one of Azure's own variables", "give it another name"), "env", name)
		}
	}
}
