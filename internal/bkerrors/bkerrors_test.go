package bkerrors

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The pinned versions still have the texts. Where a new one words them otherwise,
// look for what takes their place.
func TestPinnedVersionsHaveTheTexts(t *testing.T) {
	for _, x := range []struct{ module, file, text string }{
		{"github.com/moby/buildkit", "solver/jobs.go", lostState},
		{"github.com/moby/buildkit", "solver/scheduler.go", lostEdge},
		{"github.com/moby/buildkit", "source/http/source.go", otherDigest},
		{"google.golang.org/protobuf", "internal/impl/codec_field.go", invalidUTF8},
	} {
		c := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", x.module)
		c.Stderr = os.Stderr
		dir, err := c.Output()
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), x.file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), x.text) {
			t.Errorf("%s of %s has no %q", x.file, x.module, x.text)
		}
	}
}
