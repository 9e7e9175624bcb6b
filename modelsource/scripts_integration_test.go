//go:build integration

package modelsource

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script is a run of a step's script outside of a step, in directories of the test.
type script struct {
	// out, secrets are what the step has at /out and /run/secrets.
	out, secrets string
	source       string
}

func newScript(t *testing.T, source []byte) *script {
	t.Helper()
	s := &script{out: t.TempDir(), secrets: t.TempDir()}
	modules, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(`OUT = "/out"`, `OUT = `+quoted(s.out), `FILES = "/run/files"`, `FILES = `+quoted(modules)).Replace(string(source))
	s.source = strings.ReplaceAll(text, `"/run/secrets/`, `"`+s.secrets+`/`)
	return s
}

func quoted(text string) string {
	data, _ := json.Marshal(text)
	return string(data)
}

// run runs the script with files and more arguments. It returns what the step says is
// wrong, "" if nothing is, and all that it printed. The memory is limited: a bomb must not
// get that far.
func (s *script) run(t *testing.T, files []File, args ...string) (wrong, printed string) {
	t.Helper()
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	if python == "" {
		t.Fatal("DEPLOYFILE_TEST_PYTHON is not set; run make test, or hack/with-env.sh go test ./modelsource")
	}
	dir := t.TempDir()
	list := filepath.Join(dir, "files.json")
	for name, text := range map[string]string{list: marshalled(t, files), filepath.Join(dir, "script.py"): s.source} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_DATA, (400 << 20,) * 2); sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
	c := exec.CommandContext(t.Context(), python, append([]string{"-I", "-c", limited, filepath.Join(dir, "script.py"), list}, args...)...)
	c.WaitDelay = time.Second
	data, err := c.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	said, readErr := os.ReadFile(filepath.Join(s.out, "error.json"))
	if (err != nil) != (readErr == nil) || strings.Contains(string(data), "Traceback") {
		t.Errorf("it ends with %v, and no plain error: %s", err, data)
	}
	if readErr == nil {
		var answer struct{ Kind, Message string }
		if err := json.Unmarshal(said, &answer); err != nil || answer.Kind != FetchFailed || answer.Message == "" {
			t.Errorf("%s: %v", said, err)
		}
		wrong = answer.Message
		if err := os.Remove(filepath.Join(s.out, "error.json")); err != nil {
			t.Fatal(err)
		}
	}
	return wrong, string(data)
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// left is what a script has written: the mode and the contents of each file.
func (s *script) left(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(s.out, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		at, err := filepath.Rel(s.out, name)
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			found[at] = d.Type().String()
			return nil
		}
		data, err := os.ReadFile(name)
		found[at] = info.Mode().String() + " " + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
