//go:build integration

package azureml

import (
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds/host"
)

// TestChecked shows that what Azure would refuse is known before the build, at the key's
// line: there is no builder here.
func TestChecked(t *testing.T) {
	u := newUser(t, shared.Project(t), &host.Host{}, "replicas = 3\n")
	u.Environment["BUILDKIT_HOST"] = "tcp://127.0.0.1:1"
	u.cloud.Quota = 2
	u.cloud.Roles = []azurecloud.Role{{Actions: []string{"*"}, NotActions: []string{"*/onlineEndpoints/write"}}}
	_, log, err := u.Try(t, "deploy", "azure")
	for _, want := range []string{
		"Deployfile:", "replicas = 3", "3 instances of Standard_DS3_v2 need 15 vCPUs", "is 8",
		"[targets.azure]", "you lack permissions for workspace team: Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write",
	} {
		if err == nil || !strings.Contains(log, want) {
			t.Errorf("%q is missing: %v\n%s", want, err, log)
		}
	}
	if calls := u.cloud.Calls(); slices.ContainsFunc(calls, func(s string) bool { return strings.HasPrefix(s, "put") }) {
		t.Errorf("%q", calls)
	}
}
