//go:build integration

package cli

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/terminal"
)

// TestCompletionInAShell presses the tabulator in bash, on a laptop's window and on a
// wide one.
func TestCompletionInAShell(t *testing.T) {
	for name, columns := range map[string]int{"80 columns": 80, "200 columns": 200} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			const file = "[model]\nsource = \"model\"\n[targets.prod]\nkind = \"docker\"\n[targets.test]\nkind = \"containerd\"\n"
			if err := os.WriteFile(dir+"/Deployfile", []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			shell := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-i")
			shell.Dir = dir
			shell.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "PS1=> ", "TERM=xterm"}
			on, err := terminal.Start(shell, columns, 24)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct{ typed, shown string }{
				// A list longer than the screen would wait for a key.
				{"bind 'set page-completions off'; . /usr/share/bash-completion/bash_completion; source <(deployfile completion bash); echo lo''aded\r", "loaded"},
				{"deployfile rollb\t", "> deployfile rollback"},
				{"\t\t", "(containerd)"},
				{"te\t", "> deployfile rollback test"},
				{"\x15deployfile build --progress=ra\t", "> deployfile build --progress=rawjson"},
				{"\x15deployfile \t\t", "(Write a Deployfile for a model)"},
			} {
				if err := on.Type(step.typed); err != nil {
					t.Fatal(err)
				}
				if err := on.Await(step.shown, 20*time.Second); err != nil {
					t.Fatalf("%q: %v", step.typed, err)
				}
			}
			// Each description is on the line of its word.
			begun := regexp.MustCompile(`(?m)^[a-z-]+ +\(.*[^)\n]$`)
			if broken := begun.FindAllString(on.Text(), -1); len(broken) > 0 {
				t.Errorf("%q", broken)
			}
			if err := on.Type("\x15exit\r"); err != nil {
				t.Fatal(err)
			}
			if err := on.Wait(); err != nil {
				t.Error(err)
			}
			t.Logf("\n%s", on.Text())
		})
	}
}
