//go:build integration

package ci

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const deployfileText = `[model]
name   = "tiny"
source = "model"

[environment]
code = ["code"]

[server]
kind    = "command"
command = ["python", "/opt/code/server.py"]
`

const serverText = `import http.server
import os


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ping" else 404)
        self.end_headers()


http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
`

const modelText = `flavors:
  python_function:
    loader_module: tiny
    python_version: 3.11.2
utc_time_created: '2026-01-02 03:04:05.678901'
`

// newProject is a model with a package of its own: no index is asked for it.
func newProject(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiny")
	for name, text := range map[string]string{
		"Deployfile":                       deployfileText,
		"code/server.py":                   serverText,
		"model/MLmodel":                    modelText,
		"model/requirements.txt":           "./dfone-1.0-py3-none-any.whl\n",
		"model/dfone-1.0-py3-none-any.whl": wheel(t),
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wheel is a package without a dependency (PEP 427).
func wheel(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	record := ""
	add := func(name, text string) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(text))
		record += fmt.Sprintf("%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(text))
	}
	add("dfone.py", "WORDS = 'from a wheel'\n")
	add("dfone-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: dfone\nVersion: 1.0\n")
	add("dfone-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	add("dfone-1.0.dist-info/RECORD", record+"dfone-1.0.dist-info/RECORD,,\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
