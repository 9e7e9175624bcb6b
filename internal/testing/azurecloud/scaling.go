package azurecloud

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"
)

// scalingShapes has the operations of Azure Monitor.
func scalingShapes() map[string]shape {
	const version = "2022-10-01"
	setting := reflect.TypeFor[armmonitor.AutoscaleSettingResource]()
	return map[string]shape{
		"list autoscaling":   {answer: reflect.TypeFor[armmonitor.AutoscaleSettingResourceCollection](), version: version},
		"put autoscaling":    {request: setting, answer: setting, version: version, required: [][]string{{"location"}, {"properties", "profiles"}, {"properties", "targetResourceUri"}}},
		"delete autoscaling": {version: version},
	}
}

// scalingWords adds the values of its enumerations.
func scalingWords(out map[reflect.Type][]string) {
	add(out, armmonitor.PossibleComparisonOperationTypeValues())
	add(out, armmonitor.PossibleMetricStatisticTypeValues())
	add(out, armmonitor.PossibleTimeAggregationTypeValues())
	add(out, armmonitor.PossibleScaleDirectionValues())
	add(out, armmonitor.PossibleScaleTypeValues())
}

// scaled returns the deployment of an autoscale setting, nil if it is gone.
func (c *Cloud) scaled(setting map[string]any) *deployment {
	parts := strings.Split(strings.TrimPrefix(text(setting, "properties", "targetResourceUri"), workspaceID+"/onlineEndpoints/"), "/")
	if len(parts) != 3 || c.endpoints[parts[0]] == nil {
		return nil
	}
	return c.endpoints[parts[0]].deployments[parts[2]]
}

// limits returns the least and the largest number of instances of an autoscale setting.
func limits(setting map[string]any) (least, most int) {
	profiles, _ := at(setting, "properties", "profiles").([]any)
	for _, p := range profiles {
		least, _ = strconv.Atoi(text(map[string]any{"p": p}, "p", "capacity", "minimum"))
		most, _ = strconv.Atoi(text(map[string]any{"p": p}, "p", "capacity", "maximum"))
	}
	return least, most
}

func (c *Cloud) putScaling(r *http.Request, body map[string]any) (answer, error) {
	d := c.scaled(body)
	if d == nil || d.state != "Succeeded" {
		return answer{}, invalid("the resource %s is not there", text(body, "properties", "targetResourceUri"))
	}
	if least, most := limits(body); least < 1 || least > most || text(body, "location") != Location {
		return answer{}, invalid("the capacity is %d to %d in %s", least, most, text(body, "location"))
	}
	c.autoscaling[r.PathValue("setting")] = copied(body)
	return answer{status: 200, body: c.shownScaling(r.PathValue("setting"))}, nil
}

// shownScaling returns a setting as Azure Monitor shows it, with fields of its own.
func (c *Cloud) shownScaling(name string) map[string]any {
	out := copied(c.autoscaling[name])
	out["id"], out["name"], out["type"] = "/subscriptions/"+Subscription+"/resourceGroups/"+ResourceGroup+"/providers/microsoft.insights/autoscalesettings/"+name, name, "Microsoft.Insights/autoscaleSettings"
	properties, _ := out["properties"].(map[string]any)
	properties["targetResourceLocation"], properties["notifications"] = Location, []any{}
	return out
}

func (c *Cloud) listScaling(*http.Request, map[string]any) (answer, error) {
	values := []any{}
	for _, name := range slices.Sorted(maps.Keys(c.autoscaling)) {
		values = append(values, c.shownScaling(name))
	}
	return answer{status: 200, body: map[string]any{"value": values}}, nil
}

func (c *Cloud) deleteScaling(r *http.Request, _ map[string]any) (answer, error) {
	name := r.PathValue("setting")
	if c.autoscaling[name] == nil {
		return answer{status: 204}, nil
	}
	delete(c.autoscaling, name)
	return answer{status: 200}, nil
}

// ChangeScaling changes the bodies of all autoscale settings by hand.
func (c *Cloud) ChangeScaling(change func(body map[string]any)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, setting := range c.autoscaling {
		change(setting)
	}
}

// Scale has the autoscaling of an endpoint's deployments give them a number of instances,
// within its limits.
func (c *Cloud) Scale(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, setting := range c.autoscaling {
		if d := c.scaled(setting); d != nil {
			least, most := limits(setting)
			sku, _ := d.body["sku"].(map[string]any)
			sku["capacity"] = float64(min(max(n, least), most))
		}
	}
}
