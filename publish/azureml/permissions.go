package azureml

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// authorizationVersion is that of Microsoft.Authorization's API.
const authorizationVersion = "2022-04-01"

// permission is what one role lets the caller do.
type permission struct {
	Actions, NotActions []string
}

// needed returns the actions of a first deployment, and those that it needs to clean up what
// has failed. How Azure calls those on versions of an environment is not documented.
func needed() (deploy, clean []string) {
	const endpoints = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/"
	return []string{endpoints + "read", endpoints + "write", endpoints + "deployments/read", endpoints + "deployments/write"},
		[]string{endpoints + "delete", endpoints + "deployments/delete"}
}

// permissions asks what the caller may do with the workspace, and with the autoscaling beside
// it.
func (c *check) permissions(ctx context.Context) {
	deploy, clean := needed()
	c.allowed(ctx, "workspace "+c.workspace, c.id, deploy, clean)
	if c.keys.Autoscale != nil {
		const settings = "Microsoft.Insights/autoscaleSettings/"
		group, _, _ := strings.Cut(c.id, "/providers/")
		c.allowed(ctx, "resource group "+c.group, group, []string{settings + "read", settings + "write"}, []string{settings + "delete"})
	}
}

// allowed asks what the caller may do with something that has an id.
func (c *check) allowed(ctx context.Context, what, id string, deploy, clean []string) {
	var roles []permission
	err := list(ctx, c.connection, id+"/providers/Microsoft.Authorization/permissions", authorizationVersion, url.Values{}, func(page []permission) { roles = append(roles, page...) })
	if err != nil {
		c.unasked("your permissions for "+what, err)
		return
	}
	const hint = "docs/targets/azureml.md has the roles that are needed"
	if missing := lacking(roles, deploy); len(missing) > 0 {
		c.Fail(fmt.Sprintf("you lack permissions for %s: %s", what, strings.Join(missing, ", ")), hint)
		return
	}
	if missing := lacking(roles, clean); len(missing) > 0 {
		c.Warn("you lack permissions, so what fails could not be removed again: "+strings.Join(missing, ", "), hint)
	}
}

// lacking returns the actions that no role allows.
func lacking(roles []permission, actions []string) (out []string) {
	for _, action := range actions {
		if !slices.ContainsFunc(roles, func(p permission) bool { return p.allows(action) }) {
			out = append(out, action)
		}
	}
	return out
}

func (p permission) allows(action string) bool {
	matches := func(pattern string) bool { return like(strings.ToLower(pattern), strings.ToLower(action)) }
	return slices.ContainsFunc(p.Actions, matches) && !slices.ContainsFunc(p.NotActions, matches)
}

// like reports whether a text is one of a pattern, in which * is any text.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
