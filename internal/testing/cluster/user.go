//go:build linux

package cluster

import (
	"path/filepath"
	"testing"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fixture labels objects that are part of the test's set-up.
const fixture = "deployfile.test/fixture"

// User makes a user who may do within the namespace what the rules say and
// nothing else anywhere, and returns the path of the user's kubeconfig, which
// has the namespace as its default.
func (c *Cluster) User(t testing.TB, namespace string, rules ...rbacv1.PolicyRule) string {
	t.Helper()
	ctx := t.Context()
	// The account is elsewhere, so that the namespace has only what it had.
	account, err := c.Client.CoreV1().ServiceAccounts("kube-public").Create(ctx, &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "user-"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Name: account.Name, Labels: map[string]string{fixture: "user"}}
	if _, err := c.Client.RbacV1().Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Client.RbacV1().RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: account.Namespace, Name: account.Name}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := c.Client.CoreV1().ServiceAccounts(account.Namespace).CreateToken(ctx, account.Name, &authv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := c.control.writeKubeconfig(file, token.Status.Token, namespace); err != nil {
		t.Fatal(err)
	}
	return file
}
