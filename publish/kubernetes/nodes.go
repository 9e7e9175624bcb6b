package kubernetes

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/deployfile/deployfile/publish"
)

var _ publish.Host = (*Publisher)(nil)

// maxNodes is how many nodes are asked for: the others will be like them.
const maxNodes = 500

// Platforms returns the platforms of the nodes that the target's pods may go to. Few who
// deploy may list nodes, so it is no error to be refused.
func (p *Publisher) Platforms(ctx context.Context) ([]string, error) {
	nodes, err := retry(ctx, p.connection, func() (*corev1.NodeList, error) {
		return p.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: labels.Set(p.nodes).String(), Limit: maxNodes})
	})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, p.explain(err, "reading the nodes")
	}
	var out []string
	for _, n := range nodes.Items {
		platform := n.Labels[corev1.LabelOSStable] + "/" + n.Labels[corev1.LabelArchStable]
		if !n.Spec.Unschedulable && len(platform) > 1 && !slices.Contains(out, platform) {
			out = append(out, platform)
		}
	}
	slices.Sort(out)
	return out, nil
}
