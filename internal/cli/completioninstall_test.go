package cli

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/terminal"
)

// TestCompletionInstall writes the scripts into a home, from which bash completes.
func TestCompletionInstall(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_DATA_HOME", "relative")
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "configuration"))
	t.Setenv("SHELL", "/usr/bin/zsh")
	install := func(args ...string) (string, string, error) {
		var out, err strings.Builder
		root := rootCommand("devel", streams{in: strings.NewReader(""), out: &out, text: terminal.NewWriter(&out), err: terminal.NewWriter(&err), events: &events{}})
		root.SetArgs(append([]string{"completion", "install"}, args...))
		failed := root.ExecuteContext(t.Context())
		return strings.TrimSuffix(out.String(), "\n"), err.String(), failed
	}
	for _, want := range []struct{ shell, file, said string }{
		{"", ".local/share/zsh/site-functions/_deployfile", "fpath=(" + home},
		{"bash", ".local/share/bash-completion/completions/deployfile", "bash-completion"},
		{"fish", "configuration/fish/completions/deployfile.fish", "new shell"},
	} {
		var args []string
		if want.shell != "" {
			args = []string{want.shell}
		}
		file, said, err := install(args...)
		if err != nil || file != filepath.Join(home, want.file) || !strings.Contains(said, want.said) {
			t.Errorf("%s: %s, %s, %v", want.shell, file, said, err)
		}
		if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), "deployfile") {
			t.Errorf("%s: %q, %v", want.shell, data, err)
		}
	}
	if _, _, err := install("tcsh"); err == nil || !strings.Contains(err.Error(), "only for \"bash\", \"fish\"") {
		t.Errorf("tcsh: %v", err)
	}
	t.Setenv("SHELL", "")
	if _, _, err := install(); err == nil || !strings.Contains(err.Error(), "SHELL is empty") {
		t.Errorf("no shell: %v", err)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	c := exec.Command(bash, "--norc", "-c", `source "$1"; complete -p deployfile`, "bash", filepath.Join(home, ".local/share/bash-completion/completions/deployfile"))
	c.Stderr = io.Discard
	if out, err := c.Output(); err != nil || !strings.Contains(string(out), "__start_deployfile deployfile") {
		t.Errorf("bash has %q, %v", out, err)
	}
}
