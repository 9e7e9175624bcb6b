//go:build integration

package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// broken are images that never serve, and what is said of them.
func broken(t *testing.T) map[string]struct{ image, reason, log string } {
	return map[string]struct{ image, reason, log string }{
		"crash":   {shared.images.push(t, "2", "crash"), "the server ended with exit code 3", "ModuleNotFoundError: No module named 'sklearn'"},
		"unready": {shared.images.push(t, "2", "unready"), "GET /ping is answered by 503", "loading model 2"},
		"deaf":    {shared.images.push(t, "2", "deaf"), "it is not ready after 1s", "loading model 2"},
		"missing": {shared.registry.Host + "/tiny@sha256:" + strings.Repeat("0", 64), "image " + shared.registry.Host + "/tiny@sha256:", ""},
	}
}

func TestBroken(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for name, b := range broken(t) {
			if name == "deaf" && p.network == "host" {
				// Nobody listens there in the engine's stead.
				continue
			}
			t.Run(name, func(t *testing.T) { wantBroken(t, p.endpoint(t), b.image, b.reason, b.log) })
		}
	})
}

// wantBroken deploys what does not serve to an endpoint with nothing, and to
// one that serves.
func wantBroken(t *testing.T, e *endpoint, image, reason, log string) {
	there := func() []string { return e.place.there(t) }
	o := options(t)
	o.Timeout = time.Second
	for _, serving := range []bool{false, true} {
		restored := 0
		if serving {
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			restored = 1
		}
		before, l := there(), (*load)(nil)
		if serving {
			l = startLoad(e.url() + "/version")
		}
		_, err := e.try(t.Context(), o, image)
		var notReady *publish.NotReadyError
		if !errors.As(err, &notReady) {
			t.Fatalf("%v", err)
		}
		t.Log(err)
		if !strings.Contains(notReady.Reason, reason) || !strings.Contains(strings.Join(notReady.Log, "\n"), log) || notReady.Restored != restored {
			t.Errorf("%+v", notReady)
		}
		if serving {
			l.wantNone(t)
			e.wantVersion(t, "1")
			e.wantRevisions(t, "1")
		}
		if d := cmp.Diff(before, there()); d != "" {
			t.Errorf("what is there:\n%s", d)
		}
	}
}
