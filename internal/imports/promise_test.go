package imports

import (
	"go/parser"
	"go/token"
	"os/exec"
	"strings"
	"testing"
)

// TestPromises checks that a package that others can import says what they may rely
// on. A package below another one, such as a kind's, has the promise of that one.
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
	first, _, below := strings.Cut(path, "/")
	return !below && first != "internal" && first != "integration" || path == "record/v1"
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
