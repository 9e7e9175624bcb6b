package azurecloud

import (
	"fmt"
	"net/http"
	"path"
	"reflect"
	"strings"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"
)

// Role is what a role lets its holder do. The last parts of actions may be *.
type Role struct {
	Actions    []string `json:"actions"`
	NotActions []string `json:"notActions"`
}

// Owner may do everything.
func Owner() []Role { return []Role{{Actions: []string{"*"}}} }

// allows reports whether a role allows an action.
func (r Role) allows(action string) bool {
	matches := func(patterns []string) bool {
		for _, p := range patterns {
			// In a name of path.Match a * ends at a slash; in one of Azure's it does not.
			flat := strings.NewReplacer("/", "|")
			if ok, _ := path.Match(strings.ToLower(flat.Replace(p)), strings.ToLower(flat.Replace(action))); ok {
				return true
			}
		}
		return false
	}
	return matches(r.Actions) && !matches(r.NotActions)
}

// actions has what each operation needs.
func actions() map[string]string {
	const workspace = "Microsoft.MachineLearningServices/workspaces/"
	const locations = "Microsoft.MachineLearningServices/locations/"
	const endpoints = workspace + "onlineEndpoints/"
	return map[string]string{
		"get workspace":      workspace + "read",
		"list environments":  workspace + "environments/versions/read",
		"get environment":    workspace + "environments/versions/read",
		"put environment":    workspace + "environments/versions/write",
		"delete environment": workspace + "environments/versions/delete",
		"get endpoint":       endpoints + "read",
		"put endpoint":       endpoints + "write",
		"delete endpoint":    endpoints + "delete",
		"list keys":          endpoints + "listKeys/action",
		"get token":          endpoints + "token/action",
		"list deployments":   endpoints + "deployments/read",
		"get deployment":     endpoints + "deployments/read",
		"put deployment":     endpoints + "deployments/write",
		"delete deployment":  endpoints + "deployments/delete",
		"get logs":           endpoints + "deployments/getLogs/action",
		"get operation":      locations + "mfeOperationsStatus/read",
		"get result":         locations + "mfeOperationResults/read",
		"put job":            workspace + "jobs/write",
		"get job":            workspace + "jobs/read",
		"cancel job":         workspace + "jobs/cancel/action",
		"list autoscaling":   "Microsoft.Insights/autoscaleSettings/read",
		"put autoscaling":    "Microsoft.Insights/autoscaleSettings/write",
		"delete autoscaling": "Microsoft.Insights/autoscaleSettings/delete",
		"list sizes":         locations + "vmSizes/read",
		"list usages":        locations + "usages/read",
		"list permissions":   "Microsoft.Authorization/permissions/read",
		"list assignments":   "Microsoft.Authorization/roleAssignments/read",
		"get identity":       "Microsoft.ManagedIdentity/userAssignedIdentities/read",
	}
}

// allowed refuses an operation that none of the caller's roles allows.
func (c *Cloud) allowed(name string) error {
	action := actions()[name]
	for _, r := range c.Roles {
		if r.allows(action) {
			return nil
		}
	}
	return &refusal{http.StatusForbidden, "AuthorizationFailed", fmt.Sprintf("The client does not have authorization to perform action '%s' over scope '%s'.", action, workspaceID)}
}

// otherShapes has the operations of other services, of which there is no library here.
func otherShapes() map[string]shape {
	type of[T any] struct {
		Value []T `json:"value"`
	}
	type assignment struct {
		Properties struct {
			RoleDefinitionID string `json:"roleDefinitionId"`
			PrincipalID      string `json:"principalId"`
		} `json:"properties"`
	}
	type identity struct {
		ID         string `json:"id"`
		Properties struct {
			PrincipalID string `json:"principalId"`
		} `json:"properties"`
	}
	return map[string]shape{
		"list sizes":       {answer: reflect.TypeFor[api.VirtualMachineSizeListResult]()},
		"list usages":      {answer: reflect.TypeFor[api.ListUsagesResult]()},
		"list permissions": {answer: reflect.TypeFor[of[Role]](), version: "2022-04-01"},
		"list assignments": {answer: reflect.TypeFor[of[assignment]](), version: "2022-04-01"},
		"get identity":     {answer: reflect.TypeFor[identity](), version: "2023-01-31"},
	}
}

func (c *Cloud) listPermissions(*http.Request, map[string]any) (answer, error) {
	return answer{status: 200, body: map[string]any{"value": c.Roles}}, nil
}

// principal is the user-assigned identity that is there.
const principal = "11111111-2222-3333-4444-555555555555"

func (c *Cloud) getIdentity(r *http.Request, _ map[string]any) (answer, error) {
	if r.PathValue("identity") != "puller" {
		return answer{}, notFound("identity " + r.PathValue("identity"))
	}
	return answer{status: 200, body: map[string]any{"id": r.URL.Path, "properties": map[string]any{"principalId": principal}}}, nil
}

func (c *Cloud) listAssignments(r *http.Request, _ map[string]any) (answer, error) {
	if got := r.URL.Query().Get("$filter"); got != "assignedTo('"+principal+"')" {
		return answer{}, invalid("the filter is %q", got)
	}
	values := []any{}
	for _, role := range c.Assigned {
		values = append(values, map[string]any{"properties": map[string]any{"principalId": principal, "roleDefinitionId": "/subscriptions/" + Subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + role}})
	}
	return answer{status: 200, body: map[string]any{"value": values}}, nil
}

// cores is how many an instance has.
const cores = 4

func (c *Cloud) listSizes(*http.Request, map[string]any) (answer, error) {
	size := func(name, family string) map[string]any {
		return map[string]any{"name": name, "family": family, "vCPUs": cores, "memoryGB": 14, "supportedComputeTypes": []string{"AmlCompute", "ComputeInstance"}}
	}
	return answer{status: 200, body: map[string]any{"value": []any{size("Standard_DS3_v2", "standardDSv2Family"), size("Standard_D4s_v3", "standardDSv3Family")}}}, nil
}

func (c *Cloud) listUsages(*http.Request, map[string]any) (answer, error) {
	limit := 1000
	if c.Quota > 0 {
		limit = c.Quota
	}
	usage := func(id, name string, limit int) map[string]any {
		return map[string]any{"id": id, "type": "Microsoft.MachineLearningServices/vmFamily/dedicatedCores/usages", "currentValue": c.used() * cores, "limit": limit * cores, "unit": "Count", "name": map[string]any{"value": name, "localizedValue": name}}
	}
	return answer{status: 200, body: map[string]any{"value": []any{
		usage("/subscriptions/"+Subscription+"/usages/1", "Standard D Family Cluster Dedicated vCPUs", 0),
		usage("/subscriptions/"+Subscription+"/usages/2", "Standard DSv2 Family Cluster Dedicated vCPUs", limit),
		usage("/subscriptions/"+Subscription+"/usages/3", "Standard DSv2 Family Low Priority vCPUs", 0),
		usage(strings.Replace(workspaceID, "/team", "/other", 1)+"/usages/2", "Standard DSv2 Family Cluster Dedicated vCPUs", 0),
	}}}, nil
}
