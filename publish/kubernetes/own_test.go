package kubernetes

import (
	"errors"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Nothing is done with an object that is elsewhere or somebody else's, and
// nothing with rights that a record names.
func TestOwn(t *testing.T) {
	object := func(kind, namespace, instance, manager string) string {
		return "apiVersion: " + kind + "\nmetadata: {name: iris, namespace: " + namespace + ", labels: {" + labelInstance + ": " + instance + ", " + labelManagedBy + ": " + manager + "}}\n"
	}
	const service, secret = "v1\nkind: Service", "v1\nkind: Secret"
	for name, tt := range map[string]struct{ text, rendered, recorded string }{
		"its own":            {object(service, "models", "iris", "deployfile"), "", ""},
		"no namespace":       {object(service, `""`, "iris", "deployfile"), "", ""},
		"another namespace":  {object(service, "kube-system", "iris", "deployfile"), `not in the target's namespace "models"`, `not in the target's namespace "models"`},
		"another endpoint":   {object(service, "models", "other", "deployfile"), "labels", "labels"},
		"another manager":    {object(service, "models", "iris", "Helm"), "labels", "labels"},
		"no labels":          {"apiVersion: v1\nkind: Service\nmetadata: {name: iris}\n", "labels", "labels"},
		"no kind of serving": {object(secret, "models", "iris", "deployfile"), "", "kind that no endpoint has"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &connection{endpoint: "iris", namespace: "models", mapper: builtIn()}
			documents := []manifests.Document{{Name: "a.yaml", Body: []byte(tt.text)}}
			_, err := c.objects(t.Context(), documents)
			strange(t, err, "a.yaml: ", tt.rendered)
			r := publish.Record{Revision: publish.Revision{Number: 7, Documents: documents}}
			_, err = c.known(t.Context(), r)
			strange(t, err, "ControllerRevision models/iris-r7: ", tt.recorded)
		})
	}
}

func strange(t *testing.T, err error, where, want string) {
	t.Helper()
	var e *StrangeObjectError
	switch {
	case want == "" && err != nil:
		t.Error(err)
	case want != "" && (!errors.As(err, &e) || !strings.HasPrefix(err.Error(), where) || !strings.Contains(err.Error(), want)):
		t.Errorf("the error is %v", err)
	}
}
