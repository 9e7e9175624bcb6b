package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
)

// What run proposes to send, and what predict sends, is the request that MLflow saved with
// the model.
func TestExample(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "iris")
	if err := os.CopyFS(dir, os.DirFS("../../examples/iris")); err != nil {
		t.Fatal(err)
	}
	p, err := build.OpenProject(t.Context(), dir, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	const example = "model/serving_input_example.json"
	if name, err := findExample(t.Context(), p); err != nil || name != example {
		t.Fatalf("the example is %q, %v", name, err)
	}
	want, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(example)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (&predictOptions{}).request(t.Context(), nil, p); err != nil || !bytes.Equal(got, want) {
		t.Errorf("predict sends %q, %v", got, err)
	}
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(example))); err != nil {
		t.Fatal(err)
	}
	if _, err := (&predictOptions{}).request(t.Context(), nil, p); err == nil || !strings.Contains(err.Error(), "--input is missing") {
		t.Errorf("without an example: %v", err)
	}
}

func TestCurlExample(t *testing.T) {
	const url = "http://127.0.0.1:8080"
	for file, want := range map[string]string{
		"model/serving_input_example.json": "curl -H 'Content-Type: application/json' -d @model/serving_input_example.json " + url + "/invocations",
		"model/$(reboot).json":             "",
		"a model/x.json":                   "",
	} {
		if got := curlExample(file, url); got != want {
			t.Errorf("%s: %q", file, got)
		}
	}
}
