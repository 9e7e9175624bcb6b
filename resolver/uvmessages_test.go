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

// What uv says of its own flags becomes what a reader can do.
func TestInOurWords(t *testing.T) {
	for said, want := range map[string]string{
		"Because x was not found in the package registry and deployfile-pins depends on x, we can conclude\n\nhint: An index URL (http://127.0.0.1:1/simple) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)": "Because x was not found in the package registry and the Deployfile depends on x, we can conclude",
		"hint: An index (http://127.0.0.1:1/simple) returned a 403 Forbidden error. Check that the index URL is correct and the credentials are valid.":                                                                                                 "",
		"  cause: invalid peer certificate: UnknownIssuer\n\nhint: Consider enabling use of system TLS certificates with the `--system-certs` command-line flag\n":                                                                                      "  cause: invalid peer certificate: UnknownIssuer",
		"hint: Pre-releases are available for `a` in the requested range (e.g., 2.0rc1), but pre-releases weren't enabled (try: `--prerelease=allow`)":                                                                                                  "hint: Pre-releases are available for `a` in the requested range (e.g., 2.0rc1), but pre-releases weren't enabled (write --pre in a requirements file, or the version itself)",
		"hint: Wheels are required for `h` because building from source is disabled for all packages (i.e., with `--no-build`)":                                                                                                                         "hint: Wheels are required for `h` because only wheels are allowed for all packages",
		"hint: Wheels are required for `h` because building from source is disabled for `h` (i.e., with `--no-build-package h`)":                                                                                                                        "hint: Wheels are required for `h` because only wheels are allowed for `h`",
		"hint: Packages were unavailable because index lookups were disabled and no additional package locations were provided (try: `--find-links <uri>`)":                                                                                             "hint: --no-index in a requirements file keeps packages from being looked for in indexes; name a directory of wheels with --find-links beside it",
		"error: nothing of that kind": "error: nothing of that kind",
	} {
		if got := inOurWords(said); got != want {
			t.Errorf("%q becomes\n%q, want\n%q", said, got, want)
		}
	}
}
