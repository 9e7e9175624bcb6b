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

// buildWith puts the code of a page into the tree, as far as the Go compiler sees
// it, and returns the command line that it builds.
func buildWith(t *testing.T, page string, all []block) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{} // by path below root
	for _, b := range in("diff", all) {
		applyDiff(t, root, files, b)
	}
	for _, b := range in("go", all) {
		name := strings.TrimSuffix(strings.Trim(b.before, "`:"), "`")
		formatted, err := format.Source([]byte(b.text))
		if err != nil || string(formatted) != b.text {
			t.Errorf("%s:%d: not as gofmt has it: %v", page, b.line, err)
		}
		files[name] = b.text
	}
	overlay := map[string]string{}
	dir := t.TempDir()
	for name, text := range files {
		copied := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(root, name)] = copied
	}
	data, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, data, 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "deployfile")
	c := exec.Command("go", "build", "-overlay", list, "-o", program, "./cmd/deployfile")
	c.Dir = root
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// applyDiff changes a file as a block of the page says: its first line names the
// file, and what stands there must be in it once.
func applyDiff(t *testing.T, root string, files map[string]string, b block) {
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
