package cli

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// anyValue returns the values of flags that are of no set, by their names in the help,
// and what a shell offers for them: files, or nothing of use.
func anyValue() map[string]string {
	return map[string]string{
		"FILE":       "files",
		"LOCK":       "files",
		"OUTPUT":     "files, which most outputs end in",
		"NAME":       "a name that is yours to choose",
		"NAME=VALUE": "a name and a value that are yours to choose",
		"SECRET":     "id=…, with files after src=",
		"KEY":        "files, or an agent",
		"CACHE":      "type=…, as buildx has it, which offers nothing either",
		"IMAGE":      "only a registry or an engine knows them",
		"LIMIT":      "a name and a number",
		"SIZE":       "a number",
		"TIME":       "a number",
		"AGE":        "a number",
		"NUMBER":     "a number",
		"PORT":       "a number",
	}
}

// TestEveryFlagWithASetCompletes walks over all commands. A flag's value is of a set
// unless the help calls it by a name that stands for any text.
func TestEveryFlagWithASetCompletes(t *testing.T) {
	t.Chdir(t.TempDir())
	const file = "[model]\nsource = \"model\"\n[targets.prod]\nkind = \"docker\"\n"
	if err := os.WriteFile("Deployfile", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	nothing := terminal.NewWriter(io.Discard)
	root := rootCommand("devel", streams{in: strings.NewReader(""), out: io.Discard, text: nothing, err: nothing, events: &events{}})
	// A text such as "auto, plain or quiet" names a set, whatever the value is called.
	set := regexp.MustCompile(`: [a-z0-9-]+(, [a-z0-9-]+)* or [a-z0-9-]+$`)
	flags := 0
	walk(root, func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			name, usage := pflag.UnquoteUsage(f)
			if f.Hidden || f.Value.Type() == "bool" || f.Name == "help" || f.Name == "version" || anyValue()[name] != "" && !set.MatchString(usage) {
				return
			}
			flags++
			line := strings.TrimPrefix(c.CommandPath(), root.Name()+" ") + " --" + f.Name + " "
			if offered := complete(t, line); strings.HasPrefix(offered, ":0\n") || strings.HasPrefix(offered, ":1\n") {
				t.Errorf("%q offers nothing, and its value is one of a set: %s", line, usage)
			}
		})
	})
	if flags < 40 {
		t.Errorf("only %d flags have a set", flags)
	}
}

// TestCompletionOfPackages offers what is locked.
func TestCompletionOfPackages(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../llb/testdata/iris")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, line := range []string{"lock --upgrade ", "lock --upgrade=", "lock --upgrade scipy ", "remove ", "remove -C . "} {
		if got := complete(t, line); !strings.Contains(got, "\nnumpy\n") || !strings.HasSuffix(got, ":4\n") {
			t.Errorf("%q: %q", line, got)
		}
	}
	for _, line := range []string{"lock ", "lock --upgrade -C nowhere "} {
		if got := complete(t, line); strings.Contains(got, "numpy") {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// complete returns what a shell is told for a command line.
func complete(t *testing.T, line string) string {
	t.Helper()
	var out bytes.Buffer
	s := streams{in: strings.NewReader(""), out: &out, text: terminal.NewWriter(&out), err: terminal.NewWriter(io.Discard), events: &events{}}
	if code := run(t.Context(), "devel", append([]string{"__complete"}, strings.Split(line, " ")...), s); code != 0 {
		t.Errorf("%q: exit code %d", line, code)
	}
	return out.String()
}

// TestEveryCommandTakesADirectory demands -C of each command that reads a Deployfile.
func TestEveryCommandTakesADirectory(t *testing.T) {
	nothing := terminal.NewWriter(io.Discard)
	root := rootCommand("devel", streams{in: strings.NewReader(""), out: io.Discard, text: nothing, err: nothing, events: &events{}})
	walk(root, func(c *cobra.Command) {
		if c.Flags().Lookup("file") == nil {
			return
		}
		f := c.Flags().ShorthandLookup("C")
		if f == nil || f.Name != "directory" {
			t.Errorf("%s reads or writes a Deployfile, and has no -C DIRECTORY", c.CommandPath())
		}
	})
}
