//go:build integration

package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/golden"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

var update = flag.Bool("update", false, "write the answers of the API server again")

// TestAnswersOfTheAPIServer records what publish/kubernetes recognizes by its words.
func TestAnswersOfTheAPIServer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	ctx := t.Context()
	admin := l.cluster.Client
	config, err := clientcmd.BuildConfigFromFlags("", l.cluster.User(t, l.namespace, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}))
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := clientset.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = nobody.AppsV1().Deployments(l.namespace).List(ctx, metav1.ListOptions{})
	user := l.answer("forbidden", err, "")
	_, err = nobody.CoreV1().Pods(l.namespace).Get(ctx, "iris", metav1.GetOptions{})
	l.answer("forbidden-core", err, user)

	if _, err := admin.CoreV1().ResourceQuotas(l.namespace).Create(ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "full"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/configmaps": resource.MustParse("0")}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	create := func(name string) error {
		_, err := admin.CoreV1().ConfigMaps(l.namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		return err
	}
	l.eventually(func() string {
		// Before the quota is counted, the answer is another, or "one" is made and
		// counted with the one that each namespace has.
		err := create("one")
		if err == nil {
			err = admin.CoreV1().ConfigMaps(l.namespace).Delete(ctx, "one", metav1.DeleteOptions{})
		}
		if err == nil || !strings.Contains(err.Error(), "used: count/configmaps=1,") {
			return fmt.Sprint(err)
		}
		return ""
	})
	l.answer("quota", create("one"), user)
	if err := admin.CoreV1().ResourceQuotas(l.namespace).Delete(ctx, "full", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}

	// Nobody listens where the webhook is said to be.
	where, effects, fail := "https://127.0.0.1:1/", admissionv1.SideEffectClassNone, admissionv1.Fail
	hook, err := admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "answers-"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "answers.example.com", ClientConfig: admissionv1.WebhookClientConfig{URL: &where}, SideEffects: &effects, FailurePolicy: &fail,
			AdmissionReviewVersions: []string{"v1"},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": l.namespace}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = admin.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(context.WithoutCancel(ctx), hook.Name, metav1.DeleteOptions{})
	})
	l.eventually(func() string {
		if err := create("two"); err == nil || !strings.Contains(err.Error(), "webhook") {
			return fmt.Sprint(err)
		}
		return ""
	})
	l.answer("webhook", create("two"), user)
}

// answer compares the API server's answer with the one that is recorded, in which
// the namespace is "models" and the user "ann", and returns the user it names.
func (l *lab) answer(name string, err error, user string) string {
	l.Helper()
	var answer *apierrors.StatusError
	if !errors.As(err, &answer) {
		l.Fatalf("%s: %v", name, err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(answer.ErrStatus); err != nil {
		l.Fatal(err)
	}
	if _, after, ok := strings.Cut(answer.ErrStatus.Message, `User "`); ok && user == "" {
		user, _, _ = strings.Cut(after, `"`)
	}
	got := strings.NewReplacer(user, "ann", l.namespace, "models").Replace(out.String())
	file := "../../publish/kubernetes/testdata/apiserver/" + name + ".json"
	golden.Check(l.T, file, []byte(got), *update)
	return user
}
