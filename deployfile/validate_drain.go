package deployfile

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// drains warns of instances of which none may ever be evicted. A percentage of
// them is rounded up, as the cluster does.
func (t *targetReport) drains() {
	instances, key := cmp.Or(t.Replicas, defaultReplicas), t.at("replicas")
	if t.Autoscale != nil {
		instances, key = cmp.Or(t.Autoscale.Min, defaultAutoscaleMin), t.at("autoscale", "min")
	}
	if !t.has("min-available") || t.said(key...) {
		return
	}
	least := intstr.Parse(t.DisruptionBudget)
	if n, err := intstr.GetScaledValueFromIntOrPercent(&least, instances, true); err != nil || n < instances {
		return
	}
	t.warn(problem{
		"blocked-drain",
		fmt.Sprintf("%s %q of %s %d lets no instance be evicted: draining a node never ends", describe(t.at("min-available")), t.DisruptionBudget, describe(key), instances),
		fmt.Sprintf("raise %s, or leave out %s", describe(key), describe(t.at("min-available"))),
	}, t.at("min-available")...)
}
