package image

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// A name that says no registry is explained, because a user means another one.
func TestHintOf(t *testing.T) {
	for text, want := range map[string]bool{
		"iris:1": true, "team/iris": true, "registry.example.com/iris:1": false, "localhost:5000/iris": false,
		"docker.io/team/iris": false, "index.docker.io/team/iris": false,
	} {
		ref, err := name.ParseReference(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := hintOf(ref, text); got != "" != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
