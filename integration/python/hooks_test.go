//go:build integration

package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestHooks runs both hooks of pre-commit: that of docs/python.md, which installs the
// wheel, and that of this repository. Each lets a good commit through, and not a bad one.
func TestHooks(t *testing.T) {
	python, root := shared.Python, repository(t)
	wheels := t.TempDir()
	wheel := built(t, wheels)
	page, err := os.ReadFile(filepath.Join(root, "docs/python.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, local, _ := strings.Cut(string(page), "```yaml\nrepos:")
	local, _, _ = strings.Cut("repos:"+local, "```")
	hook, err := os.ReadFile(filepath.Join(root, ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// pre-commit clones repositories: one with the hook and without the rest of this.
	of := lab.NewRepository(t, map[string]string{".pre-commit-hooks.yaml": string(hook)})
	for name, configuration := range map[string]string{
		"of the page":       strings.Replace(local, "deployfile==1.0.0", wheel, 1),
		"of the repository": "repos:\n  - repo: " + of.Dir + "\n    rev: " + of.Commit + "\n    hooks:\n      - id: deployfile-check\n",
	} {
		t.Run(name, func(t *testing.T) {
			project := t.TempDir()
			u := user{t, project}
			if err := os.CopyFS(filepath.Join(project, "model"), os.DirFS(filepath.Join(root, "examples/iris/model"))); err != nil {
				t.Fatal(err)
			}
			u.run(project, nil, filepath.Join(root, "bin/deployfile"), "init", "model")
			if err := os.WriteFile(filepath.Join(project, ".pre-commit-config.yaml"), []byte(configuration), 0o644); err != nil {
				t.Fatal(err)
			}
			lab.Git(t, project, "init", "-q")
			lab.Git(t, project, "add", ".")
			run := func() (string, error) {
				c := exec.Command(python, "-m", "pre_commit", "run", "--all-files", "--verbose")
				c.Dir = project
				c.Env = append(os.Environ(), "PRE_COMMIT_HOME="+wheels, "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
				out, err := c.CombinedOutput()
				return string(out), err
			}
			if out, err := run(); err != nil || !strings.Contains(out, "deployfile check") {
				t.Errorf("a good project: %v\n%s", err, out)
			}
			file := filepath.Join(project, "Deployfile")
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.Replace(string(data), "source", "sauce", 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := run(); err == nil || !strings.Contains(out, `sauce`) {
				t.Errorf("a bad project: %v\n%s", err, out)
			}
		})
	}
}
