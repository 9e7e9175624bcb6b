package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/containerd/console"
)

// printable shows the control characters of a text that others wrote, a pod's
// log or who deployed: a terminal would obey them.
func printable(text string) string {
	if strings.IndexFunc(text, obeyed) < 0 {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if obeyed(r) {
			fmt.Fprintf(&out, `\x%02x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

func obeyed(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// printableWriter writes what is printable; each Write has whole characters.
type printableWriter struct{ io.Writer }

// Write implements io.Writer.
func (w printableWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// forTerminal is a writer that takes text of others as it is, unless it is a
// terminal.
func forTerminal(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok {
		if _, err := console.ConsoleFromFile(f); err == nil {
			return printableWriter{w}
		}
	}
	return w
}
