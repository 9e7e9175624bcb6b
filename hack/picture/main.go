//go:build unix

// Command picture runs a script on a terminal and writes what is to be seen at its end
// as an SVG, to stand in a page.
//
// Usage: go run ./hack/picture [-columns N] [-rows N] FILE SCRIPT
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"

	"github.com/deployfile/deployfile/internal/testing/terminal"
)

func main() {
	columns := flag.Int("columns", 88, "the terminal's width")
	rows := flag.Int("rows", 60, "the terminal's height; the picture ends with the last line")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: picture [-columns N] [-rows N] FILE SCRIPT")
		os.Exit(2)
	}
	if err := picture(flag.Arg(0), flag.Arg(1), *columns, *rows); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func picture(file, script string, columns, rows int) error {
	cmd := exec.Command("bash", script)
	on, err := terminal.Run(cmd, columns, rows)
	if err != nil {
		return err
	}
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("%s: %s\n%s", script, cmd.ProcessState, on.Text())
	}
	if lost := len(on.Scrollback()); lost > 0 {
		return fmt.Errorf("%d lines have scrolled off: more -rows show them\n%s", lost, on.Text())
	}
	return os.WriteFile(file, svg(on.Cells(), columns), 0o644)
}
