//go:build integration

package docs

import (
	"encoding/json"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree is the files, by path below the repository, that a page adds or changes, as
// far as the Go compiler sees them.
type tree map[string]string

// pageTree has the files of a page.
func pageTree(t *testing.T, page string, all []block) tree {
	t.Helper()
	files := tree{}
	files.change(t, all)
	for _, b := range in("go", all) {
		formatted, err := format.Source([]byte(b.text))
		if err != nil || string(formatted) != b.text {
			t.Errorf("%s:%d: not as gofmt has it: %v", page, b.line, err)
		}
		files[b.file()] = b.text
	}
	return files
}

// build returns the command line that is built from the tree.
func (f tree) build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "deployfile")
	f.compile(t, "build", "-o", program, "./cmd/deployfile")
	return program
}

// compile runs go with the tree.
func (f tree) compile(t *testing.T, verb string, args ...string) {
	t.Helper()
	overlay := map[string]string{}
	dir := t.TempDir()
	for name, text := range f {
		copied := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(repository(t), name)] = copied
	}
	data, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", append([]string{verb, "-overlay", list}, args...)...)
	c.Dir = repository(t)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// change changes files as blocks of a page say.
func (f tree) change(t *testing.T, all []block) {
	t.Helper()
	for _, b := range in("diff", all) {
		applyDiff(t, repository(t), f, b)
	}
}

// applyDiff changes a file as a block of the page says: its first line names the
// file, and what stands there must be in it once.
func applyDiff(t *testing.T, root string, files tree, b block) {
	t.Helper()
	name, body, ok := strings.Cut(strings.TrimPrefix(b.text, "--- "), "\n")
	if !ok {
		t.Fatalf("line %d: no file is named", b.line)
	}
	text, ok := files[name]
	if !ok {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		text = string(data)
	}
	var before, after strings.Builder
	for line := range strings.Lines(body) {
		switch line[0] {
		case '-':
			before.WriteString(line[1:])
		case '+':
			after.WriteString(line[1:])
		default:
			before.WriteString(line[1:])
			after.WriteString(line[1:])
		}
	}
	if n := strings.Count(text, before.String()); n != 1 {
		t.Fatalf("line %d: %s has this %d times:\n%s", b.line, name, n, before.String())
	}
	files[name] = strings.Replace(text, before.String(), after.String(), 1)
}
