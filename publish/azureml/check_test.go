package azureml

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// finds compares the only finding, "" for none.
func (v *verbs) finds(want string) {
	v.Helper()
	var got []string
	for _, f := range v.open().Check(v.Context()) {
		severity := ""
		if f.Warning {
			severity = "warning "
		}
		got = append(got, fmt.Sprint(severity, f.Keys, " ", f.Message, "; ", f.Hint))
	}
	if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want)) {
		v.Errorf("found %q, want %q", got, want)
	}
}

// assigned sets a user-assigned identity.
func assigned(name string) func(*spec.Spec) {
	return func(s *spec.Spec) {
		s.Identity = "/subscriptions/" + azurecloud.Subscription + "/resourceGroups/ml/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
	}
}

// What is wrong is at the key that it is about; what may be right is a warning.
func TestCheck(t *testing.T) {
	const ml = "Microsoft.MachineLearningServices/"
	roles := func(roles ...azurecloud.Role) func(*verbs) {
		return func(v *verbs) { v.cloud.Roles = roles }
	}
	owner := func(not string) func(*verbs) {
		return roles(azurecloud.Role{Actions: []string{"*"}, NotActions: []string{not}})
	}
	three := func(s *spec.Spec) { s.Replicas = 3 }
	for name, test := range map[string]struct {
		target func(*spec.Spec)
		change func(*verbs)
		want   string
	}{
		"fine":          {nil, nil, ""},
		"two roles":     {nil, roles(azurecloud.Role{Actions: []string{ml + "*/read", "Microsoft.Authorization/*/read"}}, azurecloud.Role{Actions: []string{ml + "workspaces/*/write", ml + "workspaces/*/delete"}}), ""},
		"may read":      {nil, roles(azurecloud.Role{Actions: []string{"*/read"}}), "[] you lack permissions for workspace team: " + ml + "workspaces/onlineEndpoints/write, " + ml + "workspaces/onlineEndpoints/deployments/write; docs/targets/azureml.md"},
		"cannot clean":  {nil, owner(ml + "*/DELETE"), "warning [] you lack permissions, so what fails could not be removed again: " + ml + "workspaces/onlineEndpoints/delete"},
		"may not ask":   {nil, owner("Microsoft.Authorization/*"), "warning [] not checked before the build: your permissions for workspace team (AuthorizationFailed)"},
		"may not ask 2": {nil, owner(ml + "locations/*"), "warning [] not checked before the build: the sizes of instances (AuthorizationFailed); docs/targets"},
		"no such size":  {func(s *spec.Spec) { s.InstanceType = "Standard_DS33_v2" }, nil, "[instance-type] Azure Machine Learning has no instances of Standard_DS33_v2 in westeurope; az ml compute list-sizes --location westeurope"},
		"other case":    {func(s *spec.Spec) { s.InstanceType = "Standard_ds3_v2" }, nil, ""},
		"no quota":      {nil, func(v *verbs) { v.cloud.Quota = 1 }, `[instance-type] 1 instances of Standard_DS3_v2 need 5 vCPUs, a fifth of them for upgrades, and the quota "Standard DSv2 Family Cluster Dedicated vCPUs" in westeurope is 4; ask for more`},
		"small quota":   {three, func(v *verbs) { v.cloud.Quota = 3 }, `[replicas] 3 instances of Standard_DS3_v2 need 15 vCPUs`},
		"other family":  {func(s *spec.Spec) { s.InstanceType = "Standard_D4s_v3" }, func(v *verbs) { v.cloud.Quota = 1 }, ""},
		"may not scale": {scaledBy(nil), owner("Microsoft.Insights/*/write"), "[] you lack permissions for resource group ml: Microsoft.Insights/autoscaleSettings/write"},
		"scaled":        {scaledBy(nil), func(v *verbs) { v.cloud.Quota = 1 }, "[instance-type] 2 instances of Standard_DS3_v2 need 10 vCPUs"},
		"scaled to min": {scaledBy(nil), func(v *verbs) { v.cloud.Quota = 2 }, "[autoscale] 2 instances of Standard_DS3_v2 need 10 vCPUs"},
		"scaled to max": {scaledBy(nil), func(v *verbs) { v.cloud.Quota = 4 }, "warning [autoscale max] 5 instances need 24 vCPUs"},
		"no registry":   {nil, func(v *verbs) { v.cloud.Registry = "" }, "warning [image] the image is in team.azurecr.io, and the workspace has none of its own: the endpoint's identity"},
		"other one":     {nil, func(v *verbs) { v.cloud.Registry = "theirs" }, "warning [image] the image is in team.azurecr.io, and the workspace has theirs"},
		"public":        {nil, func(v *verbs) { v.cloud.Registry, v.Target.Image = "", "registry.example.com/iris" }, ""},
		"own identity":  {assigned("puller"), nil, ""},
		"contributor":   {assigned("puller"), func(v *verbs) { v.cloud.Assigned = []string{"x", "B24988ac-6180-42a0-ab88-20f7382dd24c"} }, ""},
		"cannot pull":   {assigned("puller"), func(v *verbs) { v.cloud.Assigned = []string{"acdd72a7-3385-48ef-bd42-f606fba81ae7"} }, "warning [identity] the identity has no built-in role with which it can pull from the registry team; az role assignment create --role AcrPull --assignee-object-id 1111"},
		"no identity":   {assigned("nobody"), nil, "[identity] there is no identity /subscriptions/"},
		"elsewhere":     {assigned("puller"), func(v *verbs) { v.cloud.Registry = "theirs" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := begin(t, test.target)
			if test.change != nil {
				test.change(v)
			}
			v.finds(test.want)
			if there := v.cloud.There(); len(there) > 0 {
				t.Errorf("made: %v", there)
			}
		})
	}
}

// A rollout needs the new instances beside the old ones.
func TestCheckUpdate(t *testing.T) {
	v := begin(t, nil)
	v.Must("1")
	v.cloud.Quota = 3
	v.finds(`warning [instance-type] 1 instances of Standard_DS3_v2 need 5 vCPUs, a fifth of them for upgrades, and the quota "Standard DSv2 Family Cluster Dedicated vCPUs" in westeurope has 4 of 12 left; a rollout runs the new`)
	v.cloud.Quota = 4
	v.finds("")
}

// A fault of a check is a warning: it is not needed for a deployment.
func TestCheckFaults(t *testing.T) {
	for _, operation := range []string{"list sizes", "list usages", "list permissions", "list assignments", "get identity"} {
		for _, fault := range []publishtest.RequestFault{publishtest.Throttled, publishtest.Internal, publishtest.Cut, publishtest.LostReply} {
			t.Run(fmt.Sprint(operation, fault), func(t *testing.T) {
				v := begin(t, assigned("puller"))
				v.cloud.Fault = func(o string) publishtest.RequestFault {
					if o == operation {
						return fault
					}
					return publishtest.NoFault
				}
				v.finds("warning [] not checked before the build: ")
			})
		}
	}
}

// The roles of the page are enough for all verbs.
func TestRoles(t *testing.T) {
	v := batches(t)
	v.change(scaledBy(canary))
	v.cloud.Roles = []azurecloud.Role{{Actions: pageActions(t)}}
	v.finds("")
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	p := v.open()
	if _, err := p.Status(t.Context()); err != nil {
		t.Error(err)
	}
	e, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := p.Logs(t.Context(), &strings.Builder{}, publish.LogOptions{}); err != nil {
		t.Error(err)
	}
	if err := p.Batch(t.Context(), publish.BatchOptions{Input: input, Output: output}); err != nil {
		t.Error(err)
	}
	if _, err := publish.Promote(t.Context(), v.open(), v.Options()); err != nil {
		t.Error(err)
	}
	if _, err := publish.Rollback(t.Context(), v.open(), 0, v.Options()); err != nil {
		t.Error(err)
	}
	if err := v.open().Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if left := v.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if calls := v.cloud.Calls(); !slices.Contains(calls, "delete endpoint") {
		t.Errorf("%q", calls)
	}
}

// pageActions returns the actions of the role on the page about the kind.
func pageActions(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/targets/azureml.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	var role struct{ Actions []string }
	if err := json.Unmarshal([]byte(text), &role); err != nil || len(role.Actions) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	return role.Actions
}
