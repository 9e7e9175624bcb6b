//go:build integration

package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/publish"
)

// TestVerbs goes through the verbs.
func TestVerbs(t *testing.T) { everywhere(t, verbs) }

func verbs(t *testing.T, p place) {
	e := p.endpoint(t)
	one, two := shared.images.push(t, "1", ""), shared.images.push(t, "2", "")
	status, err := e.Status(t.Context())
	if err != nil || status.Revision != nil || status.Ready {
		t.Errorf("before: %+v, %v", status, err)
	}
	if out := e.deploy(t, one, "1"); out.Action != publish.Applied || out.Revision.Number != 1 || len(out.Changes) != 1 || out.Changes[0].Action != "create" {
		t.Errorf("%+v", out)
	}
	if out := e.deploy(t, one, "1"); out.Action != publish.Unchanged || len(out.Changes) != 0 {
		t.Errorf("again: %+v", out)
	}
	e.wantRevisions(t, "1")

	l := startLoad(e.url() + "/version")
	out := e.deploy(t, two, "2")
	failed, all := l.End()
	t.Logf("replaced: %d of %d requests failed\n%s", len(failed), all, lab.Report(failed))
	if n := len(failed); n > 0 && (p.network == "cni" || failed[n-1].At-failed[0].At > 3*time.Second) {
		t.Error("requests failed, or too many of them")
	}
	_, oldDigest, _ := strings.Cut(one, "@")
	_, newDigest, _ := strings.Cut(two, "@")
	if d := out.Changes[0].Diff; out.Revision.Number != 2 || !strings.Contains(d, "-image: ") || !strings.Contains(d, oldDigest) || !strings.Contains(d, "\n+image: ") || !strings.Contains(d, newDigest) {
		t.Errorf("%+v", out)
	}
	e.wantRevisions(t, "2 1")

	if status, err = e.Status(t.Context()); err != nil || !status.Ready || status.Revision.Number != 2 || status.URL != e.url() || len(status.Instances) != 1 || !status.Instances[0].Ready || status.Instances[0].Image != two {
		t.Errorf("%+v, %v", status, err)
	}
	var log strings.Builder
	if err := e.Publisher.(publish.Logger).Logs(t.Context(), &log, publish.LogOptions{Tail: 1}); err != nil || log.String() != fmt.Sprintf("listening on :%d\n", port) {
		t.Errorf("log %q, %v", log.String(), err)
	}
	opened, err := e.Publisher.(publish.Opener).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, opened.URL+"/version"); got != "2" {
		t.Errorf("%s: %s", opened.URL, got)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}

	// Its image need not be pulled.
	if out, err = publish.Rollback(t.Context(), e, 0, options(t)); err != nil || out.Revision.Number != 3 {
		t.Errorf("%+v, %v", out, err)
	}
	e.wantVersion(t, "1")
	e.wantRevisions(t, "3 2 1")

	removals, err := e.Removals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var containers, images int
	for _, c := range removals {
		switch {
		case c.Action == "delete" && strings.HasPrefix(c.Object, "container "+endpointName):
			containers++
		case c.Action == "delete" && strings.HasPrefix(c.Object, "image "):
			images++
		}
	}
	if containers != 3 || images != 2 || len(removals) != 5 {
		t.Errorf("%+v", removals)
	}
	if err := e.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if removals, err := e.Removals(t.Context()); err != nil || len(removals) > 0 {
		t.Errorf("of nothing: %+v, %v", removals, err)
	}
	if _, err := ask(e.url() + "/version"); err == nil {
		t.Error("it serves after it was deleted")
	}
	e.wantRevisions(t, "")
	if err := e.Delete(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	var nothing *publish.NothingError
	if err := e.Publisher.(publish.Logger).Logs(t.Context(), &log, publish.LogOptions{}); !errors.As(err, &nothing) {
		t.Errorf("log of nothing: %v", err)
	}
}
