package azurecloud

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// pageSize is how many versions a page of a list has.
const pageSize = 3

// longestTag is the longest value of a tag that is taken.
const longestTag = 256

var environmentName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}$`)

func (c *Cloud) getWorkspace(*http.Request, map[string]any) (answer, error) {
	properties := map[string]any{}
	if c.Registry != "" {
		properties["containerRegistry"] = "/subscriptions/" + Subscription + "/resourceGroups/" + ResourceGroup + "/providers/Microsoft.ContainerRegistry/registries/" + c.Registry
	}
	return answer{status: 200, body: map[string]any{"id": workspaceID, "name": Workspace, "location": Location, "properties": properties}}, nil
}

func (c *Cloud) putEnvironment(r *http.Request, body map[string]any) (answer, error) {
	name, version := r.PathValue("environment"), r.PathValue("version")
	if !environmentName.MatchString(name) || !environmentName.MatchString(version) {
		return answer{}, invalid("the name %s or the version %s is invalid", name, version)
	}
	tags, _ := at(body, "properties", "tags").(map[string]any)
	for key := range tags {
		if value := text(tags, key); len(value) > longestTag || len(key) > longestTag || len(tags) > 50 {
			return answer{}, invalid("the tag %s is too long, or one of too many", key)
		}
	}
	known := c.environments[name][version]
	if known != nil && !reflect.DeepEqual(immutable(known), immutable(body)) {
		return answer{}, &refusal{http.StatusBadRequest, "UserError", fmt.Sprintf("Environment %s with version %s is already registered and cannot be changed.", name, version)}
	}
	if c.environments[name] == nil {
		c.environments[name] = map[string]map[string]any{}
	}
	c.environments[name][version] = copied(body)
	status := 201
	if known != nil {
		status = 200
	}
	return answer{status: status, body: c.environment(name, version)}, nil
}

// immutable returns what cannot be changed of an environment.
func immutable(body map[string]any) map[string]any {
	properties, _ := body["properties"].(map[string]any)
	out := maps.Clone(properties)
	for _, key := range []string{"tags", "description", "isArchived"} {
		delete(out, key)
	}
	return out
}

// environment returns a version as Azure shows it.
func (c *Cloud) environment(name, version string) map[string]any {
	out := copied(c.environments[name][version])
	out["id"], out["name"] = workspaceID+"/environments/"+name+"/versions/"+version, version
	if properties, ok := out["properties"].(map[string]any); ok {
		properties["provisioningState"], properties["environmentType"], properties["isArchived"] = "Succeeded", "UserCreated", false
	}
	return out
}

func (c *Cloud) getEnvironment(r *http.Request, _ map[string]any) (answer, error) {
	name, version := r.PathValue("environment"), r.PathValue("version")
	if c.environments[name][version] == nil {
		return answer{}, notFound("environment " + name + " " + version)
	}
	return answer{status: 200, body: c.environment(name, version)}, nil
}

func (c *Cloud) deleteEnvironment(r *http.Request, _ map[string]any) (answer, error) {
	name, version := r.PathValue("environment"), r.PathValue("version")
	if c.environments[name][version] == nil {
		return answer{status: 204}, nil
	}
	id := workspaceID + "/environments/" + name + "/versions/" + version
	for _, e := range c.endpoints {
		for _, d := range e.deployments {
			if strings.EqualFold(text(d.body, "properties", "environmentId"), id) && d.state != "Deleting" && e.state != "Deleting" {
				c.mistake("environment %s %s is deleted, which deployment %s uses", name, version, d.name)
			}
		}
	}
	delete(c.environments[name], version)
	return answer{status: 200}, nil
}

func (c *Cloud) listEnvironments(r *http.Request, _ map[string]any) (answer, error) {
	name := r.PathValue("environment")
	if c.environments[name] == nil {
		return answer{}, notFound("environment " + name)
	}
	skip, _ := strconv.Atoi(r.URL.Query().Get("$skip"))
	all := slices.Sorted(maps.Keys(c.environments[name]))
	values := []any{}
	for _, version := range all[min(skip, len(all)):min(skip+pageSize, len(all))] {
		values = append(values, c.environment(name, version))
	}
	out := map[string]any{"value": values}
	if skip+pageSize < len(all) {
		out["nextLink"] = fmt.Sprintf("%s%s?api-version=%s&$skip=%d", c.server.URL, r.URL.Path, apiVersion, skip+pageSize)
	}
	return answer{status: 200, body: out}, nil
}
