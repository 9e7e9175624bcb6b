//go:build integration

package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// TestUsers leaves it to the image who the server is, by number or by name.
func TestUsers(t *testing.T) {
	base := shared.images.image(t, "1", "")
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/:\napp:x:1000:1001::/:\n",
		"etc/group":  "root:x:0:\napp:x:1001:\nother:x:1002:app\nthird:x:1003:\n",
	} {
		var err error
		if base, err = lab.WithFile(base, name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	image := func(t *testing.T, user string) string {
		config := must(base.ConfigFile()).DeepCopy()
		config.Config.User = user
		name, err := lab.Push(shared.registry.Host+"/tiny", must(mutate.ConfigFile(base, config)))
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	onePerEngine(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		e.user = ""
		for user, want := range map[string]string{
			"":          "0:0 [0]",
			"app":       "1000:1001 [1001 1002]",
			"1000":      "1000:1001 [1001 1002]",
			"app:third": "1000:1003 [1003]",
			"1000:1003": "1000:1003 [1003]",
			"7":         "7:0 [0]",
			"7:other":   "7:1002 [1002]",
			"7:8":       "7:8 [8]",
		} {
			e.deploy(t, image(t, user), "1")
			if got := get(t, e.url()+"/who"); got != want {
				t.Errorf("user %q is %s, want %s", user, got, want)
			}
			if err := e.Delete(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for _, user := range []string{"nobody", "app:nobody"} {
			_, err := e.try(t.Context(), options(t), image(t, user))
			var notReady *publish.NotReadyError
			if !errors.As(err, &notReady) || !strings.Contains(notReady.Reason, "nobody") {
				t.Errorf("user %q: %v", user, err)
			}
		}
	})
}
