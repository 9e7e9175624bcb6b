package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"strings"
	"testing"
)

// TestPromises checks that a package that others can import says what they may rely
// on, and has an Example. A package below another one, such as a kind's, has the
// promise of that one.
func TestPromises(t *testing.T) {
	const files = `{{range .GoFiles}} {{$.Dir}}/{{.}}{{end}}{{range .XTestGoFiles}} {{$.Dir}}/{{.}}{{end}}`
	list := exec.Command("go", "list", "-f", `{{if ne .Name "main"}}{{.ImportPath}}`+files+`{{end}}`, "./...")
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
		if !hasExample(t, fields[1:]) {
			t.Errorf("package %s has no Example in a file of its tests", path)
		}
	}
}

// public reports whether a package has a promise of its own.
func public(path string) bool {
	first, _, below := strings.Cut(path, "/")
	return !below && first != "internal" && first != "integration" || path == "record/v1"
}

// hasExample reports whether one of the files declares an Example.
func hasExample(t *testing.T, files []string) bool {
	t.Helper()
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Example") {
				return true
			}
		}
	}
	return false
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
