package kubernetes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/publish"
)

// NamespaceError reports a missing namespace.
type NamespaceError struct {
	Namespace, Cluster string
}

// Error implements error.
func (e *NamespaceError) Error() string {
	return fmt.Sprintf("there is no namespace %q in %s: kubectl create namespace %s makes it", e.Namespace, e.Cluster, e.Namespace)
}

// PermissionError reports missing permissions.
type PermissionError struct {
	// User is the user name at the cluster, "" if unknown.
	User      string
	Namespace string
	// Missing are the permissions, such as "patch deployments.apps".
	Missing []string
}

// Error implements error.
func (e *PermissionError) Error() string {
	user := "the user of the kubeconfig"
	if e.User != "" {
		user = fmt.Sprintf("%q", e.User)
	}
	where := " in the whole cluster"
	if e.Namespace != "" {
		where = fmt.Sprintf(" in namespace %q", e.Namespace)
	}
	return fmt.Sprintf("%s has no permission to %s%s: ask for a Role with that", user, strings.Join(e.Missing, ", "), where)
}

// UnknownKindError reports a kind of object that the cluster does not have.
type UnknownKindError struct {
	Kind, APIVersion, Cluster string
}

// Error implements error.
func (e *UnknownKindError) Error() string {
	var hint string
	switch {
	case strings.HasPrefix(e.APIVersion, "serving.kserve.io/"):
		hint = ": KServe has to be installed there first"
	case strings.HasPrefix(e.APIVersion, "gateway.networking.k8s.io/"):
		hint = ": the Gateway API has to be installed there first; ingress needs none"
	}
	return fmt.Sprintf("%s knows no %s of %s%s", e.Cluster, e.Kind, e.APIVersion, hint)
}

// QuotaError reports a quota of the namespace that is used up.
type QuotaError struct {
	// Message is the API server's.
	Message string
}

// Error implements error.
func (e *QuotaError) Error() string {
	return e.Message + ": free something in the namespace, ask for more, or lower replicas or resources of the target"
}

// explain turns an error of the API server into one that says what to do. What is the
// action, such as "applying Deployment models/iris".
func (c *connection) explain(err error, what string) error {
	var status apierrors.APIStatus
	switch {
	case err == nil:
		return nil
	case namespaceMissing(err, c.namespace):
		return &NamespaceError{Namespace: c.namespace, Cluster: c.where}
	case quotaExceeded(err):
		return fmt.Errorf("%s: %w", what, &QuotaError{Message: err.Error()})
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s does not accept the credentials of the kubeconfig: log in again: %w", c.where, err)
	case apierrors.IsForbidden(err):
		if denied := permissionOf(err); denied != nil {
			return fmt.Errorf("%s: %w", what, denied)
		}
		return fmt.Errorf("%s: the cluster forbids it: %w", what, err)
	case unavailable(err) && !errors.As(err, &status):
		return fmt.Errorf("%s: %s does not answer: %w", what, c.where, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func missing(err error) bool { return apierrors.IsNotFound(err) }

func namespaceMissing(err error, namespace string) bool {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	d := status.Status().Details
	return d != nil && d.Kind == "namespaces" && d.Name == namespace
}

// conflict returns the error for fields that other managers own, nil if err is another
// error.
func conflict(err error, o object) *publish.ConflictError {
	var status apierrors.APIStatus
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	e := &publish.ConflictError{Object: o.String()}
	for _, c := range status.Status().Details.Causes {
		if c.Type == metav1.CauseTypeFieldManagerConflict {
			e.Details = append(e.Details, strings.TrimPrefix(c.Field, ".")+" ("+strings.TrimPrefix(c.Message, "conflict with ")+")")
		}
	}
	if len(e.Details) == 0 {
		return nil
	}
	slices.Sort(e.Details)
	return e
}
