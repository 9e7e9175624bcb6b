package resolver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the pinned uv says is understood. After a change of uvVersion, record it
// again: testdata/record_uv.py UV testdata/uv-VERSION.
func TestUnsatisfiable(t *testing.T) {
	dir := "testdata/uv-" + uvVersion
	want := map[string][]string{
		"conflict":          {"a", "b"},
		"conflict-of-three": {"b", "b-c"},
		"no-such-version":   {"a"},
		"only-a-source":     {"h"},
		"other-platform":    {"f"},
		"other-python":      {"g"},
	}
	files, err := filepath.Glob(dir + "/*.txt")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files in %s, want %d (%v)", len(files), dir, len(want), err)
	}
	for _, file := range files {
		said, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(said), "No solution found") {
			t.Errorf("%s lacks what scripts/resolve.py matches", file)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		e := &StepError{Step: "resolve 2 requirements for linux/amd64", Kind: "unsatisfiable", Message: string(said)}
		got := e.Unsatisfiable()
		slices.Sort(got)
		if d := cmp.Diff(want[name], slices.Compact(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		e.Step = "build a wheel"
		if got := e.Unsatisfiable(); got != nil {
			t.Errorf("another step: %v", got)
		}
	}
}
