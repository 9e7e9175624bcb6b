package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// scaleManager owns the number of replicas after the target has stopped setting it and
// before an autoscaler does.
const scaleManager = "deployfile-autoscale"

type patchOptions struct{ dryRun, force bool }

// patch applies an object by server-side apply; live is the present one, or nil. It
// returns the object afterwards.
func (c *connection) patch(ctx context.Context, o object, live *unstructured.Unstructured, how patchOptions) (*unstructured.Unstructured, error) {
	if how.dryRun && releasesReplicas(o, live) {
		// A dry run cannot hand over the number first.
		o = withReplicas(o, live)
	}
	data, err := withoutAccount(o, live).MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.document, err)
	}
	options := metav1.PatchOptions{FieldManager: manager, Force: &how.force, FieldValidation: metav1.FieldValidationStrict}
	if how.dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	result, err := retry(ctx, c, func() (*unstructured.Unstructured, error) {
		return c.api(o).Patch(ctx, o.GetName(), types.ApplyPatchType, data, options)
	})
	if err == nil {
		return result, nil
	}
	if refused := conflict(err, o); refused != nil {
		return nil, refused
	}
	if how.dryRun && refusesDryRun(err) {
		// A webhook of the cluster prevents only the dry run.
		return o.Unstructured, nil
	}
	if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return nil, fmt.Errorf("%s: the cluster does not accept %s: %w", o.document, o, err)
	}
	return nil, c.explain(err, "applying "+o.String())
}

// withoutAccount explicitly removes the pods' service account if the live ones have
// one. The API server copies serviceAccountName to a deprecated field, serviceAccount,
// which nobody owns, and takes the name from there if only the former is removed.
func withoutAccount(o object, live *unstructured.Unstructured) object {
	if o.GetKind() != "Deployment" || live == nil {
		return o
	}
	path := []string{"spec", "template", "spec"}
	if name, _, _ := unstructured.NestedString(live.Object, append(path, "serviceAccount")...); name == "" {
		return o
	}
	if name, _, _ := unstructured.NestedString(o.Object, append(path, "serviceAccountName")...); name != "" {
		return o
	}
	o.Unstructured = o.DeepCopy()
	_ = unstructured.SetNestedField(o.Object, "", append(path, "serviceAccount")...)
	_ = unstructured.SetNestedField(o.Object, "", append(path, "serviceAccountName")...)
	return o
}

// releasesReplicas reports whether deployfile has set the number of replicas and no
// longer does: the API server would make it 1 until the autoscaler sets it.
func releasesReplicas(o object, live *unstructured.Unstructured) bool {
	if o.GetKind() != "Deployment" || live == nil {
		return false
	}
	if _, ok, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "replicas"); ok {
		return false
	}
	for _, f := range live.GetManagedFields() {
		if f.Manager == manager && f.Operation == metav1.ManagedFieldsOperationApply && ownsReplicas(f) {
			return true
		}
	}
	return false
}

func ownsReplicas(f metav1.ManagedFieldsEntry) bool {
	var fields struct {
		Spec map[string]json.RawMessage `json:"f:spec"`
	}
	if f.FieldsV1 == nil || json.Unmarshal(f.FieldsV1.GetRawBytes(), &fields) != nil {
		return false
	}
	_, ok := fields.Spec["f:replicas"]
	return ok
}

func withReplicas(o object, live *unstructured.Unstructured) object {
	o.Unstructured = o.DeepCopy()
	if n, ok, _ := unstructured.NestedInt64(live.Object, "spec", "replicas"); ok {
		_ = unstructured.SetNestedField(o.Object, n, "spec", "replicas")
	}
	return o
}

// handOverReplicas hands the number of replicas over to a manager of its own, as
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
// describes.
func (c *connection) handOverReplicas(ctx context.Context, o object, live *unstructured.Unstructured) error {
	n, _, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	data, err := json.Marshal(map[string]any{
		"apiVersion": o.GetAPIVersion(), "kind": o.GetKind(),
		"metadata": map[string]any{"name": o.GetName(), "namespace": o.GetNamespace()},
		"spec":     map[string]any{"replicas": n},
	})
	if err != nil {
		return err
	}
	force := true
	err = c.try(ctx, func() error {
		_, err := c.api(o).Patch(ctx, o.GetName(), types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: scaleManager, Force: &force})
		return err
	})
	return c.explain(err, "applying "+o.String())
}

// scaled reports whether the number of replicas is the only thing that others own of
// an object, and that it is the autoscaler's that previous, the objects that are
// served, have: its value is ours to take back.
func scaled(o object, live *unstructured.Unstructured, previous []object) bool {
	if o.GetKind() != "Deployment" || live == nil {
		return false
	}
	if _, ok, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "replicas"); !ok {
		return false
	}
	had := false
	for _, old := range previous {
		name, _, _ := unstructured.NestedString(old.Object, "spec", "scaleTargetRef", "name")
		had = had || old.GetKind() == "HorizontalPodAutoscaler" && name == o.GetName()
	}
	if !had {
		return false
	}
	for _, f := range live.GetManagedFields() {
		others := f.Manager != manager && f.Manager != scaleManager && f.Subresource != "status"
		if others && f.Subresource != "scale" && f.Manager != "kube-controller-manager" {
			return false
		}
	}
	return true
}
