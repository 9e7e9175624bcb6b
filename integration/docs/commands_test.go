package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommands looks up all commands that the pages mention anywhere: the verb
// and the flags must be there.
func TestCommands(t *testing.T) {
	files, err := filepath.Glob(pages + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../../README.md", "../../docs/mlflow.md", "../../docs/adding-a-target.md", "../../docs/cli.md")
	help := map[string]string{}
	command := regexp.MustCompile("deployfile ([a-z-]+)([^`\n#|;)]*)")
	flag := regexp.MustCompile(`(?:^| )(--[a-z-]+|-[a-zA-Z])\b`)
	found := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// A sentence that begins with the name is no command.
		text := regexp.MustCompile("(?m)^[^`\n]*$").ReplaceAllStringFunc(string(data), func(line string) string {
			if strings.HasPrefix(strings.TrimSpace(line), "deployfile ") {
				return line
			}
			return ""
		})
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			verb := m[1]
			if _, ok := help[verb]; !ok {
				out, err := exec.Command("deployfile", verb, "--help").CombinedOutput()
				if err != nil || !strings.Contains(string(out), "deployfile "+verb) {
					if strings.Contains(m[0], "`") || !strings.Contains(m[0], "--") {
						continue
					}
					t.Errorf("%s: there is no command %q", file, m[0])
				}
				help[verb] = string(out)
			}
			found++
			for _, f := range flag.FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(`(?m)^ +(-[a-zA-Z], )?` + f[1] + `\b|^ +` + f[1] + `,`).MatchString(help[verb]) {
					t.Errorf("%s: %s has no flag %s: %s", file, verb, f[1], m[0])
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d commands were found", found)
	}
}
