package kubernetes

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/deployfile/deployfile/deployfile"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// anyNamespace is the value of AllowFrom that stands for all.
const anyNamespace = "*"

// Check implements deployfile.Spec.
func (s *Spec) Check(c *deployfile.Check) {
	s.Pod.Check(c, s.ModelApart())
	if s.Autoscale != nil {
		s.Autoscale.Check(c, false)
	}
	s.checkDrains(c)
	if i := slices.Index(s.AllowFrom, anyNamespace); i >= 0 && len(s.AllowFrom) > 1 {
		item := strconv.Itoa(i)
		c.AtValue(deployfile.Problem{
			Rule: "conflict", Message: c.Called("allow-from", item) + ` "*" is all namespaces`, Hint: "leave out the others, or it",
		}, "allow-from", item)
	}
}

// checkDrains warns if no instance may ever be evicted. A percentage is rounded up, as
// the cluster does.
func (s *Spec) checkDrains(c *deployfile.Check) {
	instances, key := s.Replicas, []string{"replicas"}
	if s.Autoscale != nil {
		instances, key = s.Autoscale.Min, []string{"autoscale", "min"}
	}
	if !c.Has("min-available") || c.Reported(key...) {
		return
	}
	least := intstr.Parse(s.MinAvailable)
	if n, err := intstr.GetScaledValueFromIntOrPercent(&least, instances, true); err != nil || n < instances {
		return
	}
	c.Warn(deployfile.Problem{
		Rule: "blocked-drain",
		Message: fmt.Sprintf("%s %q of %s %d lets no instance be evicted: draining a node never ends",
			c.Called("min-available"), s.MinAvailable, c.Called(key...), instances),
		Hint: fmt.Sprintf("raise %s, or leave out %s", c.Called(key...), c.Called("min-available")),
	}, "min-available")
}
