package cli

import (
	"bytes"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write the golden files again")

const helpFile = "testdata/help.golden"

// TestHelp compares the help of every command, as it is where there is no terminal.
// What a person is to read fits 80 columns.
func TestHelp(t *testing.T) {
	var help bytes.Buffer
	var examples string
	s := streams{in: strings.NewReader(""), out: &help, text: terminal.NewWriter(&help), err: terminal.NewWriter(io.Discard), events: &events{}}
	root := rootCommand("devel", s)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	walk(root, func(c *cobra.Command) {
		if c.Hidden || c.Name() == "help" || c.Parent() != nil && c.Parent().Name() == "completion" {
			return
		}
		help.WriteString("$ " + c.CommandPath() + " --help\n")
		c.InitDefaultHelpFlag()
		if err := c.Help(); err != nil {
			t.Error(err)
		}
		help.WriteString("\n")
		if c.RunE != nil && !c.HasSubCommands() && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		c.LocalFlags().VisitAll(flagText(t, c))
		examples += c.Example + "\n"
	})
	golden.Check(t, helpFile, help.Bytes(), *update)
	for line := range strings.Lines(help.String()) {
		// An example is copied as it is.
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > helpWidth && !strings.Contains(examples, line) {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, below := range c.Commands() {
		walk(below, visit)
	}
}

// flagText finds flags whose value is called by its Go type.
func flagText(t *testing.T, c *cobra.Command) func(*pflag.Flag) {
	return func(f *pflag.Flag) {
		if name, _ := pflag.UnquoteUsage(f); name != strings.ToUpper(name) {
			t.Errorf("%s --%s: its value is called %q: name it in the text, in backquotes", c.CommandPath(), f.Name, name)
		}
	}
}

// TestCompletion asks as a shell does.
func TestCompletion(t *testing.T) {
	t.Chdir(t.TempDir())
	const file = "[model]\nsource = \"model\"\n[targets.prod]\nkind = \"docker\"\n[targets.test]\nkind = \"containerd\"\n"
	if err := os.WriteFile("Deployfile", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string][]string{
		"deploy ":           {"prod\tdocker", "test\tcontainerd"},
		"deploy prod ":      {"test\tcontainerd"},
		"predict --target ": {"prod\tdocker", "test\tcontainerd"},
		"diff --target ":    {"prod\tdocker", "test\tcontainerd"},
		"build --target p":  {"plan\t", "prod\tdocker"},
		"build --progress ": {"auto", "plain", "tty", "quiet", "rawjson"},
		"build --builder ":  {"docker", "embedded"},
		"lock --platform ":  {"linux/amd64", "linux/arm64"},
		"plan --graph ":     {"dot", "mermaid"},
		"sbom --format ":    {"spdx", "cyclonedx"},
		"run --network ":    {"default", "host", "none"},
		"build ":            {":16"}, // cobra.ShellCompDirectiveFilterDirs
		"status -C ":        {":16"},
		"init ":             {":16"},
		"predict -i ":       {":0"}, // files
	} {
		got := complete(t, line)
		for _, w := range want {
			if !strings.Contains("\n"+got, "\n"+w) {
				t.Errorf("%q: no %q in %q", line, w, got)
			}
		}
		if n := strings.Count(got, "\n") - 1; !strings.HasPrefix(want[0], ":") && n != len(want) && !strings.HasPrefix(line, "build --target") {
			t.Errorf("%q: %d instead of %d: %q", line, n, len(want), got)
		}
	}
}
