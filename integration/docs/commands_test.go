//go:build integration

package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommands looks up the commands that the pages mention, in blocks and in
// the middle of sentences: the verb and its flags must be there.
func TestCommands(t *testing.T) {
	files, err := filepath.Glob(pages + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/ci/*.md", "../../examples/*/*.md"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	help := map[string]string{}
	flag := regexp.MustCompile(` (--?[a-zA-Z][a-z-]*)`)
	found := 0
	for _, file := range files {
		for _, command := range mentioned(t, file) {
			verb, rest, _ := strings.Cut(command, " ")
			if _, ok := help[verb]; !ok {
				out, err := exec.Command("deployfile", verb, "--help").Output()
				if err != nil || !regexp.MustCompile(`(?m)^  deployfile `+verb+`\b`).Match(out) {
					t.Errorf("%s: there is no %q in %q", file, verb, command)
				}
				help[verb] = string(out)
			}
			found++
			for _, m := range flag.FindAllStringSubmatch(" "+rest, -1) {
				if !regexp.MustCompile(`(?m)^ +(-[a-zA-Z], )?` + m[1] + `[ ,]`).MatchString(help[verb]) {
					t.Errorf("%s: %q has no flag %s", file, command, m[1])
				}
			}
		}
	}
	if found < 80 {
		t.Errorf("only %d commands are mentioned", found)
	}
}

// mentioned are the command lines of deployfile in a page, without its name.
func mentioned(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inBlock := regexp.MustCompile(`(?m)^(?:  )?deployfile ([a-z].*)$`)
	inText := regexp.MustCompile("`deployfile ([a-z][^`]+)`")
	var found [][]string
	for n, part := range strings.Split(string(data), "\n```") {
		if n%2 == 1 {
			found = append(found, inBlock.FindAllStringSubmatch(part, -1)...)
		} else {
			found = append(found, inText.FindAllStringSubmatch(strings.ReplaceAll(part, "\n", " "), -1)...)
		}
	}
	var out []string
	for _, m := range found {
		line, _, _ := strings.Cut(m[1], "  #")
		out = append(out, strings.TrimSpace(line))
	}
	return out
}
