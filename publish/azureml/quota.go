package azureml

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
)

// instances checks that the region has the size of the instances, and compares the quota of
// its family with what the endpoint needs.
func (c *check) instances(ctx context.Context) {
	location, err := c.locate(ctx)
	if err != nil {
		c.unasked("the workspace", err)
		return
	}
	sizes, err := c.sizes.List(ctx, location, nil)
	if err != nil {
		c.unasked("the sizes of instances", err)
		return
	}
	var size *api.VirtualMachineSize
	for _, s := range sizes.Value {
		if s != nil && strings.EqualFold(deref(s.Name), c.keys.InstanceType) {
			size = s
		}
	}
	if size == nil {
		if len(sizes.Value) > 0 {
			c.Fail(fmt.Sprintf("Azure Machine Learning has no instances of %s in %s", c.keys.InstanceType, location),
				"az ml compute list-sizes --location "+location+" lists those that it has", "instance-type")
		}
		return
	}
	pages := c.usages.NewListPager(location, nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			c.unasked("the quota of instances", err)
			return
		}
		for _, u := range page.Value {
			if u != nil && u.Name != nil && c.counts(u, deref(size.Family)) {
				c.within(u, int(deref(size.VCPUs)), location)
			}
		}
	}
}

// counts reports whether a quota limits the dedicated instances of a family in this
// workspace: it may have one of its own beside that of the subscription. The family is
// "standardDSv2Family", its quota "Standard DSv2 Family Cluster Dedicated vCPUs".
func (c *check) counts(u *api.Usage, family string) bool {
	if strings.Contains(strings.ToLower(deref(u.ID)), "/workspaces/") && !strings.HasPrefix(strings.ToLower(deref(u.ID)), strings.ToLower(c.id)+"/") {
		return false
	}
	name, ok := strings.CutPrefix(letters(deref(u.Name.Value)), letters(family))
	return ok && family != "" && (name == "" || name == "vcpus" || name == "clusterdedicatedvcpus")
}

// letters returns the letters and digits of a name in lower case.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// within compares a quota with the cores of the instances, and a fifth more, which Azure
// keeps for upgrades.
func (c *check) within(u *api.Usage, cores int, location string) {
	limit, used := int(deref(u.Limit)), int(deref(u.CurrentValue))
	if u.Limit == nil || limit < 0 {
		return
	}
	needed := func(instances int) int { return (instances*cores*6 + 4) / 5 }
	needs, key := needed(c.keys.Instances()), "replicas"
	if c.keys.Autoscale != nil {
		key = "autoscale"
	}
	if needed(1) > limit || c.keys.Instances() == 1 && c.keys.Autoscale == nil {
		key = "instance-type"
	}
	whole := fmt.Sprintf("%d instances of %s need %d vCPUs, a fifth of them for upgrades, and the quota %q in %s", c.keys.Instances(), c.keys.InstanceType, needs, deref(u.Name.Value), location)
	const more = "ask for more quota in the portal, or use fewer or smaller instances"
	switch {
	case needs > limit:
		c.Fail(fmt.Sprintf("%s is %d", whole, limit), more, key)
	case needs > limit-used:
		// Some of them may be this endpoint's own, and others end before the build does.
		c.Warn(fmt.Sprintf("%s has %d of %d left; a rollout runs the new instances beside the old ones", whole, max(0, limit-used), limit), more, key)
	case c.keys.Autoscale != nil && needed(c.keys.Autoscale.Max) > limit:
		c.Warn(fmt.Sprintf("%d instances need %d vCPUs, and the quota %q in %s is %d: there will be fewer", c.keys.Autoscale.Max, needed(c.keys.Autoscale.Max), deref(u.Name.Value), location, limit), more, "autoscale", "max")
	}
}
