package azureml

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	spec "github.com/deployfile/deployfile/manifests/azureml"
)

// identityVersion is that of Microsoft.ManagedIdentity's API.
const identityVersion = "2023-01-31"

// pullers are the ids of the built-in roles that let one pull: AcrPull, AcrPush, Contributor,
// Owner and Container Registry Repository Reader.
func pullers() []string {
	return []string{
		"7f951dda-4ed3-4680-a7ca-43fe172d538d", "8311e382-0749-4cb8-b61a-304f252e45ec", "b24988ac-6180-42a0-ab88-20f7382dd24c",
		"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b93aa761-3e63-49ed-ac28-beffa264f7ac",
	}
}

// pull checks who pulls the image. Azure lets a system-assigned identity pull from the
// workspace's own registry, and nobody else from anywhere.
func (c *check) pull(ctx context.Context) {
	if !spec.InACR(c.repository) {
		return // of which Check of the kind warns already
	}
	w, err := c.found(ctx)
	if err != nil {
		c.unasked("the workspace's registry", err)
		return
	}
	registry := ""
	if w.Properties != nil {
		registry = deref(w.Properties.ContainerRegistry)
	}
	host, _, _ := strings.Cut(c.repository, "/")
	name, _, _ := strings.Cut(host, ".")
	own := registry[strings.LastIndex(registry, "/")+1:]
	same := strings.EqualFold(own, name)
	switch {
	case c.keys.Identity == "system" && !same:
		theirs := "has none of its own"
		if own != "" {
			theirs = "has " + own
		}
		c.Warn(fmt.Sprintf("the image is in %s, and the workspace %s: the endpoint's identity, which is made with the endpoint, needs the role AcrPull there", host, theirs),
			"use the workspace's registry, or an identity that has the role, with the key identity", "image")
	case c.keys.Identity != "system":
		c.assigned(ctx, registry, same)
	}
}

// assigned checks that a user-assigned identity is there and, in the workspace's own registry,
// has a role with which it can pull.
func (c *check) assigned(ctx context.Context, registry string, same bool) {
	var identity struct {
		Properties struct{ PrincipalID string }
	}
	err := get(ctx, c.connection, runtime.JoinPaths(c.arm.Endpoint(), c.keys.Identity)+"?api-version="+identityVersion, &identity)
	if missing(err) {
		c.Fail("there is no identity "+c.keys.Identity, "az identity list has those that there are", "identity")
		return
	}
	if err != nil {
		c.unasked("the identity that pulls the image", err)
		return
	}
	if !same {
		return // where the other registry is, is not known
	}
	type assignment struct {
		Properties struct{ RoleDefinitionID string }
	}
	can := false
	err = list(ctx, c.connection, registry+"/providers/Microsoft.Authorization/roleAssignments", authorizationVersion, url.Values{"$filter": {"assignedTo('" + identity.Properties.PrincipalID + "')"}}, func(page []assignment) {
		for _, a := range page {
			for _, role := range pullers() {
				can = can || strings.HasSuffix(strings.ToLower(a.Properties.RoleDefinitionID), role)
			}
		}
	})
	if err != nil {
		c.unasked("the roles of the identity that pulls the image", err)
		return
	}
	if !can {
		c.Warn("the identity has no built-in role with which it can pull from the registry "+registry[strings.LastIndex(registry, "/")+1:],
			"az role assignment create --role AcrPull --assignee-object-id "+identity.Properties.PrincipalID+" --assignee-principal-type ServicePrincipal --scope "+registry, "identity")
	}
}
