//go:build integration

package llb

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestServerEnds runs the part of verify.py that watches the server: the reason is in one
// line, and the log has the frames of the model alone.
func TestServerEnds(t *testing.T) {
	const (
		start    = "INFO:     Started server process [1]\nTraceback (most recent call last):\n"
		imported = "  File \"<frozen importlib._bootstrap>\", line 241, in _call_with_frames_removed\n" +
			"  File \"/opt/venv/lib/python3.11/site-packages/uvicorn/config.py\", line 434, in load\n    self.loaded_app = import_from_string(self.app)\n                      ^^^^^\n"
		model = "  File \"/opt/venv/lib/python3.11/site-packages/mlflow/pyfunc/__init__.py\", line 1, in load_model\n    return of(path)\n"
		own   = "  File \"/opt/code/answer.py\", line 3, in <module>\n    import nothing\n"
	)
	for name, test := range map[string]struct {
		log       string
		code      string
		why, tail string
	}{
		"a model": {start + imported + model + "zipfile.BadZipFile: File is not a zip file\n", "exit 1",
			"the model cannot be loaded: BadZipFile: File is not a zip file",
			start + model + "zipfile.BadZipFile: File is not a zip file"},
		"its server": {start + own + "ModuleNotFoundError: No module named 'nothing'\n", "exit 1",
			"the server ended with code 1 before it answered: ModuleNotFoundError: No module named 'nothing'",
			start + own + "ModuleNotFoundError: No module named 'nothing'"},
		"a line":     {"the weights are missing\n\n", "exit 3", "the server ended with code 3 before it answered: the weights are missing", "the weights are missing"},
		"nothing":    {"", "exit 4", "the server ended with code 4 before it answered", ""},
		"was killed": {"loading\n", "kill -9 $$", "the server was killed before it answered, perhaps because the builder has too little memory for the model", "loading"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"log": test.log, "serve": "#!/bin/sh\ncat " + filepath.Join(dir, "log") + "\n" + test.code + "\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			program := "confined = None\n" + strings.TrimSuffix(string(verifySource), "main()\n") +
				"server = Server()\ncode = server.process.wait()\nos.write(3, json.dumps([server.end(code), server.words()]).encode())\n"
			python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
			if python == "" {
				t.Fatal("DEPLOYFILE_TEST_PYTHON is not set: run this with hack/with-env.sh")
			}
			answer, to, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Close()
			cmd := exec.CommandContext(t.Context(), python, "-I", "-c", program)
			cmd.Env, cmd.ExtraFiles = []string{"PATH=" + dir + ":/usr/bin:/bin"}, []*os.File{to}
			out, err := cmd.CombinedOutput()
			to.Close()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var got [2]string
			if err := json.NewDecoder(answer).Decode(&got); err != nil {
				t.Fatal(err)
			}
			if got[0] != test.why {
				t.Errorf("the reason is %q, not %q", got[0], test.why)
			}
			if got[1] != test.tail {
				t.Errorf("the log is\n%s\nnot\n%s", got[1], test.tail)
			}
			if bytes.Contains(out, []byte("uvicorn")) {
				t.Errorf("the step shows frames of uvicorn:\n%s", out)
			}
		})
	}
}
