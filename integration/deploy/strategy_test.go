//go:build integration

package deploy

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

//go:embed testdata/version.py
var versionSource string

// TestStrategies brings up a second version beside the first, promotes it and
// goes back, all under load.
func TestStrategies(t *testing.T) {
	for _, test := range []struct {
		strategy string
		// during are the versions that the endpoint answers with while both are
		// there, preview the Service that leads to the second alone.
		during  []string
		preview string
	}{
		{"canary", []string{"one", "two"}, ""},
		{"blue-green", []string{"one"}, "tiny-prod-preview"},
	} {
		t.Run(test.strategy, func(t *testing.T) {
			u, namespace := twoVersions(t, "tiny-"+test.strategy, test.strategy, 2)
			l := &load{client: u.client(), url: u.url(t, namespace, "tiny-prod"), body: []byte("{}")}
			l.during(t, func() { u.run(t, u.builds("deploy", "prod")...) })
			u.versions(t, namespace, "tiny-prod", test.during...)
			if test.preview != "" {
				u.versions(t, namespace, test.preview, "two")
			}
			l.during(t, func() { u.run(t, "promote", "prod") })
			u.versions(t, namespace, "tiny-prod", "two")
			l.during(t, func() { u.run(t, "rollback", "prod", "--to", "1") })
			u.versions(t, namespace, "tiny-prod", "one")

			u.run(t, "delete", "prod", "--yes")
			u.nothingLeft(t, namespace)
		})
	}
}

// twoVersions deploys a first version with a strategy, to a namespace of its own and
// from a repository of that name, and locks a second one.
func twoVersions(t *testing.T, repository, strategy string, replicas int) (u *user, namespace string) {
	t.Helper()
	node := shared.clusters.Node(t)
	namespace = node.Namespace(t)
	u = &user{Project: lab.Tiny(t, shared.Parts, ""), node: node}
	u.Write(t, "code/answer.py", versionSource)
	u.Write(t, "Deployfile", u.Read(t, "Deployfile")+fmt.Sprintf(`
[targets.prod]
kind      = "kubernetes"
namespace = %q
image     = "%s/%s"
replicas  = %d
strategy  = %q
`, namespace, node.Registry, repository, replicas, strategy))
	u.run(t, u.builds("lock")...)
	u.run(t, u.builds("deploy", "prod")...)
	u.versions(t, namespace, "tiny-prod", "one")
	u.Edit(t, "code/answer.py", `b"one"`, `b"two"`)
	u.run(t, u.builds("lock")...)
	return u, namespace
}

// versions waits until a Service leads to these versions and no other. The
// cluster's proxies follow a change of endpoints in their own time, which no
// object tells; what they do meanwhile is load's affair.
func (u *user) versions(t *testing.T, namespace, service string, want ...string) {
	t.Helper()
	url := u.url(t, namespace, service)
	u.routed(t, url)
	var d string
	for start := time.Now(); time.Since(start) < proxyTime; time.Sleep(time.Second) {
		if d = cmp.Diff(want, u.answering(t, url)); d == "" {
			return
		}
	}
	t.Errorf("%s leads to other versions:\n%s", service, d)
}

// answering lists the versions that answer at an address.
func (u *user) answering(t *testing.T, url string) []string {
	t.Helper()
	got := map[string]bool{}
	client := u.client()
	// With one of three instances a canary, a hundred requests miss it once in
	// 10^17 times.
	for range 100 {
		res, err := client.Post(url+"/invocations", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatal(res.Status, err)
		}
		got[string(body)] = true
	}
	return slices.Sorted(maps.Keys(got))
}
