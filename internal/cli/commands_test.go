package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandsFile is what python/generate.py writes the functions of the Python package from.
const commandsFile = "../../docs/commands.json"

// commandJSON is a command that does something itself, and for the flags of all, the root.
type commandJSON struct {
	Name  string     `json:"name"`
	Use   string     `json:"use"`
	Short string     `json:"short"`
	Flags []flagJSON `json:"flags"`
}

// flagJSON is a flag, its type as pflag calls it. Alone is its value where none is given.
type flagJSON struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Value   string `json:"value,omitempty"`
	Default string `json:"default,omitempty"`
	Alone   string `json:"alone,omitempty"`
	Usage   string `json:"usage"`
}

// TestCommands compares the commands and their flags, as programs are to have them.
func TestCommands(t *testing.T) {
	text := terminal.NewWriter(io.Discard)
	s := streams{in: strings.NewReader(""), out: io.Discard, text: text, err: text, events: &events{}}
	var commands []commandJSON
	walk(rootCommand("devel", s), func(c *cobra.Command) {
		name := strings.TrimPrefix(strings.TrimPrefix(c.CommandPath(), c.Root().Name()), " ")
		// A completion is for a shell and not for a program.
		if c.Hidden || c.HasParent() && (!c.Runnable() || c.HasSubCommands()) || strings.HasPrefix(name, "completion ") {
			return
		}
		of := commandJSON{Name: name, Use: c.Use, Short: c.Short, Flags: []flagJSON{}}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			value, usage := pflag.UnquoteUsage(f)
			of.Flags = append(of.Flags, flagJSON{f.Name, f.Value.Type(), value, f.DefValue, f.NoOptDefVal, usage})
		})
		commands = append(commands, of)
	})
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(commands); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, commandsFile, out.Bytes(), *update)
}
