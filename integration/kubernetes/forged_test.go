//go:build integration

package kubernetes

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

// TestForgedRecord gives whoever can write the records of an endpoint none of
// the rights that its deployer has elsewhere.
func TestForgedRecord(t *testing.T) {
	t.Parallel()
	other := newLab(t)
	other.deploy(other.open(), other.version("one"))
	victim := other.versions()
	const labels = "labels: {app.kubernetes.io/instance: iris, app.kubernetes.io/managed-by: deployfile}"
	rollback := func(l *lab, p publish.Publisher) error {
		_, err := publish.Rollback(l.Context(), p, 2, options(time.Minute))
		return err
	}
	deploy := func(l *lab, p publish.Publisher) error {
		_, err := publish.Deploy(l.Context(), p, l.version("two"), options(time.Minute))
		return err
	}
	remove := func(l *lab, p publish.Publisher) error { return p.Delete(l.Context()) }
	for name, tt := range map[string]struct {
		change    func(*deployfile.Target)
		documents string
		verbs     []func(*lab, publish.Publisher) error
	}{
		"a release of another namespace": {
			func(target *deployfile.Target) { pod(target).Namespace = other.namespace }, "",
			[]func(*lab, publish.Publisher) error{rollback},
		},
		"a release of another endpoint": {
			func(target *deployfile.Target) { target.Endpoint = "other" }, "",
			[]func(*lab, publish.Publisher) error{rollback},
		},
		"an object of another namespace": {
			func(*deployfile.Target) {},
			"apiVersion: v1\nkind: Service\nmetadata: {name: iris, namespace: " + other.namespace + ", " + labels + "}\n",
			[]func(*lab, publish.Publisher) error{deploy, remove, rollback},
		},
		"an object of the cluster": {
			func(*deployfile.Target) {},
			"apiVersion: v1\nkind: Namespace\nmetadata: {name: " + other.namespace + ", " + labels + "}\n",
			[]func(*lab, publish.Publisher) error{deploy, remove, rollback},
		},
		"rights": {
			func(*deployfile.Target) {},
			"apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: iris, " + labels + "}\n" +
				"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}\nsubjects: [{kind: ServiceAccount, name: default}]\n",
			[]func(*lab, publish.Publisher) error{deploy, remove, rollback},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := l.open()
			l.deploy(p, l.version("one"))
			l.forge(2, l.version("forged", tt.change), tt.documents)
			before := l.versions()
			for i, verb := range tt.verbs {
				var strange *kubernetes.StrangeObjectError
				if err := verb(l, p); !errors.As(err, &strange) {
					t.Errorf("verb %d ends in %v", i, err)
				}
			}
			if diff := cmp.Diff(before, l.versions()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(victim, other.versions()); diff != "" {
		t.Error(diff)
	}
}

// forge writes the record of a revision by hand, beside a real one.
func (l *lab) forge(number int64, r manifests.Release, documents string) {
	l.Helper()
	data, err := publish.EncodeRevision(publish.Revision{
		State:     manifests.State{Live: manifests.Slot{Release: r}},
		Documents: []manifests.Document{{Name: "forged.yaml", Body: []byte(documents)}},
	})
	if err != nil {
		l.Fatal(err)
	}
	records := l.cluster.Client.AppsV1().ControllerRevisions(l.namespace)
	real, err := records.Get(l.Context(), "iris-r1", metav1.GetOptions{})
	if err != nil {
		l.Fatal(err)
	}
	forged := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Name: strings.Replace(real.Name, "1", "2", 1), Labels: real.Labels, Annotations: real.Annotations},
		Revision:   number, Data: runtime.RawExtension{Raw: data},
	}
	if _, err := records.Create(l.Context(), forged, metav1.CreateOptions{}); err != nil {
		l.Fatal(err)
	}
}
