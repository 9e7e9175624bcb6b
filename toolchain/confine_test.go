//go:build integration

package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRunHides runs programs that print what they were told and must not tell, in
// pieces too, and ends one that takes too long while a thread waits.
func TestRunHides(t *testing.T) {
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	if python == "" {
		t.Fatal("DEPLOYFILE_TEST_PYTHON is not set; run make test, or hack/with-env.sh go test ./toolchain")
	}
	const script = `
import time
hidden = ["correct-horse-battery", "other"]
say = "import sys, time\nfor part in sys.argv[1:]:\n    sys.stdout.write(part); sys.stdout.flush(); time.sleep(0.1)"
for parts in (["a correct-horse-battery b"], ["a correct-ho", "rse-battery", " b"], ["other", "correct-horse", "-battery"], ["correct-horse"]):
    code, said = run([sys.executable, "-c", say, *parts], hidden=hidden)
    print(code, said, flush=True)
code, said = run([sys.executable, "-c", "import subprocess; subprocess.run(['true'])"], alone=True)
print(code != 0 and "Operation not permitted" in said or "PermissionError" in said, flush=True)
import threading
threading.Thread(target=time.sleep, args=(60,)).start()
time.sleep(60)
`
	file := filepath.Join(t.TempDir(), "script.py")
	if err := os.WriteFile(file, append(confineSource, script...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-I", "-B", file)
	cmd.Env = append(os.Environ(), EnvLimits+"=4096 -1 10")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v", err)
	}
	for _, want := range []string{"0 a **** b", "0 ********", "0 correct-horse\n", "True", "not done after 10 s"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %q in\n%s", want, said.String())
		}
	}
	if strings.Contains(said.String(), "horse-battery") {
		t.Errorf("it is shown:\n%s", said.String())
	}
}
