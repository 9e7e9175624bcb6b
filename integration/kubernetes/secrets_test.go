//go:build integration

package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/publish"
)

// TestEnvFrom gives the server what a ConfigMap and a Secret have.
func TestEnvFrom(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	if _, err := l.cluster.Client.CoreV1().ConfigMaps(l.namespace).Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "iris-settings"}, Data: map[string]string{"VERSION": "of the ConfigMap"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.cluster.Client.CoreV1().Secrets(l.namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "iris-credentials"}, StringData: map[string]string{"VERSION": "of the Secret"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		from []string
		want string
	}{
		{[]string{"config-map/iris-settings"}, "of the ConfigMap"},
		// Of two that have a variable, Kubernetes takes the last.
		{[]string{"config-map/iris-settings", "secret/iris-credentials"}, "of the Secret"},
	} {
		r := l.version(tt.want)
		pod(&r.Target).Env, pod(&r.Target).EnvFrom = nil, tt.from
		l.lab.deploy(p, r)
		var log bytes.Buffer
		if err := p.Logs(t.Context(), &log, publish.LogOptions{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), "version "+tt.want+" listens") {
			t.Errorf("from %q the log is %q", tt.from, log.String())
		}
	}
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	// They are somebody else's.
	if diff := cmp.Diff([]string{"ConfigMap/iris-settings", "Secret/iris-credentials"}, names(l.objects())); diff != "" {
		t.Error(diff)
	}
}

// TestPullSecret pulls from a registry that asks for a password.
func TestPullSecret(t *testing.T) {
	t.Parallel()
	l := newNodeLab(t)
	p := l.connect()
	const password = "Zuckerwatte"
	registry := l.node.GuardedRegistry(t, "me", password)
	image := strings.Replace(l.image, l.node.Registry, registry, 1)
	login := fmt.Sprintf(`{"auths": {%q: {"username": "me", "password": %q}}}`, registry, password)
	if _, err := l.cluster.Client.CoreV1().Secrets(l.namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "registry-login"}, Type: corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: login},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r := l.version("one")
	r.Image = image
	_, err := publish.Deploy(t.Context(), p, r, options(time.Minute))
	var failed *publish.NotReadyError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "cannot be pulled") || !strings.Contains(err.Error(), "no basic auth credentials") {
		t.Errorf("without the secret: %v", err)
	}
	pod(&r.Target).ImagePullSecrets = []string{"registry-login"}
	l.lab.deploy(p, r)
}
