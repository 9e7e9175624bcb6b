//go:build integration

package modelsource

import (
	"os"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// startGCS starts a server of Google Cloud Storage with the bucket "models", and has
// this process use it.
func startGCS(t *testing.T) (*lab.GCS, store) {
	t.Helper()
	server := lab.StartGCS(t, lab.Loopback(), "models")
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", os.DevNull)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return server, store{
		source: func(prefix string) string { return "gs://models/" + prefix },
		put:    func(t *testing.T, key string, data []byte) { t.Helper(); server.Put(t, "models", key, data) },
	}
}

// TestGCS makes the image of a model in Google Cloud Storage, from the generations of
// objects that the lock has.
func TestGCS(t *testing.T) {
	server, s := startGCS(t)
	p, want := sameImage(t, s)
	generation := p.Locked(t).ModelSource.Revisions["MLmodel"]
	build := overwritten(t, s, p, want)
	server.Delete(t, "models", "team/my model/MLmodel", generation)
	buildtest.WantError(t, build(), `model file "MLmodel"`, "deployfile lock --upgrade")
}

// TestGCSErrors says what of a source is wrong, at its line.
func TestGCSErrors(t *testing.T) {
	_, s := startGCS(t)
	s.put(t, "line/a\nb", []byte("x"))
	for source, want := range map[string]string{
		"gs://nothing/iris": "gs://nothing: its list: there is no such bucket",
		"gs://models/none":  "gs://models/none: there are no objects",
		"gs://models/line":  `"a\nb"`,
	} {
		p := shared.Tiny(t, "")
		p.Edit(t, "Deployfile", `source = "model"`, `source = "`+source+`"`)
		_, err := p.TryLock(t, nil)
		buildtest.WantError(t, err, want)
		buildtest.WantSource(t, err, p.Read(t, "Deployfile"), `source = "`+source+`"`)
	}
}
