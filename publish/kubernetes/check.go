package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/deployfile/deployfile/publish"
)

// parallel is the number of concurrent requests.
const parallel = 8

// snapshot has the live objects by key, without those that did not exist.
type snapshot map[key]*unstructured.Unstructured

// each calls f for all objects, several at a time. It returns the first error in the
// objects' order.
func each(objects []object, f func(i int, o object) error) error {
	errs := make([]error, len(objects))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, o := range objects {
		group.Go(func() error {
			errs[i] = f(i, o)
			return nil
		})
	}
	_ = group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *connection) get(ctx context.Context, o object) (*unstructured.Unstructured, error) {
	live, err := retry(ctx, c, func() (*unstructured.Unstructured, error) {
		return c.api(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return live, c.explain(err, "reading "+o.String())
}

func (c *connection) snapshot(ctx context.Context, objects []object) (snapshot, error) {
	list := make([]*unstructured.Unstructured, len(objects))
	err := each(objects, func(i int, o object) (err error) {
		list[i], err = c.get(ctx, o)
		return err
	})
	out := snapshot{}
	for i, o := range objects {
		if list[i] != nil {
			out[o.key()] = list[i]
		}
	}
	return out, err
}

// tryOut makes a dry run of all objects.
func (r *rollout) tryOut(ctx context.Context) error {
	force := r.plan.Options.ForceConflicts
	return each(r.objects, func(_ int, o object) error {
		live := r.before[o.key()]
		if err := r.foreign(o, live); err != nil && !force {
			return err
		}
		_, err := r.patch(ctx, o, live, patchOptions{dryRun: true, force: force || scaled(o, live, r.previous)})
		return err
	})
}

// foreign returns a *publish.ConflictError for an existing object that is not this
// endpoint's.
func (c *connection) foreign(o object, live *unstructured.Unstructured) error {
	if live == nil || c.ours(live) {
		return nil
	}
	managers := map[string]bool{}
	for _, f := range live.GetManagedFields() {
		if f.Subresource == "" && f.Manager != "" {
			managers[f.Manager] = true
		}
	}
	var names []string
	for name := range managers {
		names = append(names, name)
	}
	slices.Sort(names)
	return &publish.ConflictError{Object: o.String(), Details: []string{
		fmt.Sprintf("it is there and not part of the endpoint %s (made by %s)", c.endpoint, strings.Join(names, ", ")),
	}}
}

// ours reports whether an object belongs to this endpoint.
func (c *connection) ours(u *unstructured.Unstructured) bool {
	l := u.GetLabels()
	return l[labelInstance] == c.endpoint && l[labelManagedBy] == manager
}

// permitted returns a *PermissionError with all missing permissions of a rollout: one
// that is missed half-way would leave objects behind.
func (c *connection) permitted(ctx context.Context, objects []object) error {
	var needed []authorizationv1.ResourceAttributes
	seen := map[authorizationv1.ResourceAttributes]bool{}
	need := func(a authorizationv1.ResourceAttributes, verbs ...string) {
		for _, verb := range verbs {
			a.Verb = verb
			if !seen[a] {
				seen[a] = true
				needed = append(needed, a)
			}
		}
	}
	for _, o := range objects {
		need(authorizationv1.ResourceAttributes{
			Namespace: o.GetNamespace(), Group: o.resource.Group, Resource: o.resource.Resource, Version: o.resource.Version, Name: o.GetName(),
		}, "get", "create", "patch", "delete")
		if o.GetKind() == "InferenceService" && isRaw(o.Unstructured) {
			need(authorizationv1.ResourceAttributes{Namespace: c.namespace, Group: "apps", Resource: "deployments", Version: "v1"}, "list")
		}
	}
	need(authorizationv1.ResourceAttributes{Namespace: c.namespace, Group: "apps", Resource: "controllerrevisions", Version: "v1"}, "get", "list", "create", "patch", "delete")
	need(authorizationv1.ResourceAttributes{Namespace: c.namespace, Group: "apps", Resource: "replicasets", Version: "v1"}, "list")
	need(authorizationv1.ResourceAttributes{Namespace: c.namespace, Resource: "pods", Version: "v1"}, "list")

	var lock sync.Mutex
	missing := map[int]string{}
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, attributes := range needed {
		group.Go(func() error {
			review, err := retry(ctx, c, func() (*authorizationv1.SelfSubjectAccessReview, error) {
				return c.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
					Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &attributes},
				}, metav1.CreateOptions{})
			})
			if err != nil {
				return c.explain(err, "asking for the permissions")
			}
			if !review.Status.Allowed {
				lock.Lock()
				defer lock.Unlock()
				missing[i] = permission(attributes.Verb, attributes.Resource, attributes.Group)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil || len(missing) == 0 {
		return err
	}
	e := &PermissionError{Namespace: c.namespace}
	for i := range needed {
		if text, ok := missing[i]; ok && !slices.Contains(e.Missing, text) {
			e.Missing = append(e.Missing, text)
		}
	}
	if who, err := c.client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{}); err == nil {
		e.User = who.Status.UserInfo.Username
	}
	return e
}
