//go:build integration

package python

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// echo answers a request with what it asks about.
const echo = `import http.server, json, os, signal

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"predictions": asked["dataframe_split"]}).encode())

http.server.HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
`

// TestPage builds and serves a project from Python, as docs/python.md does. The image is
// the one that the program builds.
func TestPage(t *testing.T) {
	root := repository(t)
	p := lab.Tiny(t, shared.Parts, "")
	p.Write(t, "code/answer.py", echo)
	contexts, flags := buildContexts(p)
	u := user{t, p.Dir}
	env := []string{"PYTHONPATH=" + filepath.Join(root, "python"), "DEPLOYFILE_PROGRAM=" + filepath.Join(root, "bin/deployfile")}
	got := u.run(p.Dir, env, shared.Python, append([]string{filepath.Join(root, "integration/python/page_test.py"), p.Dir, shared.builder}, contexts...)...)
	want := u.run(p.Dir, nil, filepath.Join(root, "bin/deployfile"), slices.Concat([]string{"build", "--locked", "--builder", shared.builder}, flags, []string{p.Dir})...)
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("Python built %s, and the program %s", got, want)
	}
}
