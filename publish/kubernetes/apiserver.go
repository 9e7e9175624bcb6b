package kubernetes

import (
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Errors of the API server that have no reason of their own, matched by their text.
// testdata/apiserver has its answers as the pinned version gives them;
// integration/kubernetes records them and compares.
var (
	denied   = regexp.MustCompile(`User "([^"]*)" cannot (\S+) resource "([^"]*)"(?: in API group "([^"]*)")?`)
	deniedIn = regexp.MustCompile(`in the namespace "([^"]*)"`)
)

// quotaExceeded reports whether a ResourceQuota is used up.
func quotaExceeded(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota")
}

// webhookFailed reports whether an admission webhook could not be called, which does
// not mean that the API server itself is unavailable.
func webhookFailed(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "webhook")
}

// refusesDryRun reports whether an admission webhook with side effects prevents a dry
// run, and only that. Only clusters that still store such a webhook from before
// Kubernetes 1.22 answer so.
func refusesDryRun(err error) bool {
	return apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "does not support dry run")
}

// permissionOf returns the permission that RBAC denies, or nil if something else
// forbids the request.
func permissionOf(err error) *PermissionError {
	words := denied.FindStringSubmatch(err.Error())
	if words == nil {
		return nil
	}
	e := &PermissionError{User: words[1], Missing: []string{permission(words[2], words[3], words[4])}}
	if in := deniedIn.FindStringSubmatch(err.Error()); in != nil {
		e.Namespace = in[1]
	}
	return e
}

// permission returns a permission as kubectl auth can-i names it: "patch
// deployments.apps", "get pods/log".
func permission(verb, resource, group string) string {
	if group == "" {
		return verb + " " + resource
	}
	resource, sub, ok := strings.Cut(resource, "/")
	if ok {
		sub = "/" + sub
	}
	return verb + " " + resource + "." + group + sub
}
