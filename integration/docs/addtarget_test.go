//go:build integration

package docs

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAddingATarget builds the command line with the kind of testdata/kind and the
// changes that the page makes, runs the kind's tests, and the commands of the page.
func TestAddingATarget(t *testing.T) {
	const page = "../../docs/adding-a-target.md"
	all := blocks(t, page)
	kind := os.DirFS("testdata/kind")
	files, whole := tree{}, ""
	err := fs.WalkDir(kind, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(kind, name)
		files[name] = string(data)
		whole += string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range in("go", all) {
		if !strings.Contains(whole, b.text) {
			t.Errorf("%s:%d: testdata/kind does not have it", page, b.line)
		}
	}
	files.change(t, all)
	tests := filepath.Join(t.TempDir(), "tests")
	files.compile(t, "test", "-vet=off", "-c", "-o", tests, "./publish/folder")
	conformance := exec.Command(tests)
	conformance.Dir = t.TempDir()
	if out, err := conformance.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	readerWith(t, files.build(t), here).read(t, page, all)
}
