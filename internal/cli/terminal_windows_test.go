package cli

import "github.com/rogpeppe/go-internal/testscript"

// terminalCommands returns none: a terminal is made of pseudo-terminals of Unix here, and
// the scripts that need one stop there.
func terminalCommands() map[string]func(*testscript.TestScript, bool, []string) { return nil }
