package imports

import (
	"go/parser"
	"go/token"
	"os/exec"
	"strings"
	"testing"
)

// TestPromises: a package that others can import says what they may rely on. Those
// of the kinds, below manifests and publish, have the promise of the package above.
func TestPromises(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{if ne .Name "main"}}{{.ImportPath}}{{range .GoFiles}} {{$.Dir}}/{{.}}{{end}}{{end}}`, "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		path := strings.TrimPrefix(fields[0], module)
		if !public(path) {
			continue
		}
		if doc := docOf(t, fields[1:]); !strings.Contains(doc, "Promise: ") {
			t.Errorf("the doc of package %s has no paragraph that begins with \"Promise: \"; move what is not for other programs below internal/", path)
		}
	}
}

// public reports whether a package has a promise of its own.
func public(path string) bool {
	first, below, _ := strings.Cut(path, "/")
	switch first {
	case "internal", "integration":
		return false
	case "manifests", "publish":
		return below == ""
	}
	return true
}

// docOf returns the documentation of a package.
func docOf(t *testing.T, files []string) string {
	t.Helper()
	var doc strings.Builder
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		doc.WriteString(f.Doc.Text())
	}
	return doc.String()
}
