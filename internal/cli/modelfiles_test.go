package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// ignore opens a directory with a .dockerignore.
func ignore(t *testing.T, text string) (*untrusted.Directory, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return files, filepath.Join(dir, "Deployfile")
}

func TestLargeIgnoreFile(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("a*\n", maxPatterns):      "",
		strings.Repeat("a*\n", maxPatterns+1):    ".dockerignore has more than 1000 patterns",
		strings.Repeat("#\n", maxIgnore/2) + "#": ".dockerignore is larger than 64 KiB",
	} {
		files, file := ignore(t, text)
		_, err := ignoredPaths(files, file)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// FuzzIgnoredPaths says the same of a path each time.
func FuzzIgnoredPaths(f *testing.F) {
	f.Add("*\n!model/**\n# a\n", "model/MLmodel")
	f.Add("**/a[^b]?\\*\n!\n/..\n", "a/../b")
	f.Fuzz(func(t *testing.T, text, name string) {
		files, file := ignore(t, text)
		patterns, err := ignoredPaths(files, file)
		if err != nil {
			return
		}
		first, err := patterns.MatchesOrParentMatches(name)
		second, again := patterns.MatchesOrParentMatches(name)
		if first != second || (err == nil) != (again == nil) {
			t.Errorf("%q is ignored: %v, then %v", name, first, second)
		}
	})
}
