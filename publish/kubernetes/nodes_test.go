package kubernetes

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestPlatforms(t *testing.T) {
	node := func(name, arch, pool string, away bool) *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelOSStable: "linux", corev1.LabelArchStable: arch, "pool": pool}},
			Spec:       corev1.NodeSpec{Unschedulable: away},
		}
	}
	client := fake.NewClientset(node("a", "amd64", "cpu", false), node("b", "amd64", "cpu", false), node("c", "arm64", "small", false), node("d", "s390x", "cpu", true))
	p := newPublisher(&connection{client: client, endpoint: "iris"})
	for _, test := range []struct {
		nodes map[string]string
		want  []string
	}{
		{nil, []string{"linux/amd64", "linux/arm64"}},
		{map[string]string{"pool": "cpu"}, []string{"linux/amd64"}},
		{map[string]string{"pool": "none"}, nil},
	} {
		p.nodes = test.nodes
		got, err := p.Platforms(t.Context())
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%v: %v\n%s", test.nodes, err, diff)
		}
	}
	refused := apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("not for you"))
	client.PrependReactor("list", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, refused })
	if got, err := p.Platforms(t.Context()); got != nil || err != nil {
		t.Errorf("without permission: %v, %v", got, err)
	}
}
