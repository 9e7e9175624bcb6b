//go:build unix

package terminal

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
)

// Screen returns the lines that are shown, without the blanks at their ends and
// without the empty lines at the end.
func (t *Terminal) Screen() []string { return plain(t.Cells()) }

// Scrollback returns the lines that have left the screen at its top.
func (t *Terminal) Scrollback() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return plain(t.emulator.Scrollback().Lines())
}

// Text returns all that can be read, what has scrolled off first.
func (t *Terminal) Text() string {
	lines := append(t.Scrollback(), t.Screen()...)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// Raw returns what the program wrote, as it reached the terminal.
func (t *Terminal) Raw() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.raw.Bytes())
}

// Cells returns the characters of the screen with their colours, by lines.
func (t *Terminal) Cells() []uv.Line {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := make([]uv.Line, t.emulator.Height())
	for y := range lines {
		lines[y] = make(uv.Line, t.emulator.Width())
		for x := range lines[y] {
			if cell := t.emulator.CellAt(x, y); cell != nil {
				lines[y][x] = *cell.Clone()
			}
		}
	}
	return lines
}

func plain(lines []uv.Line) []string {
	out := make([]string, len(lines))
	for n, line := range lines {
		out[n] = strings.TrimRight(line.String(), " ")
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// Colours returns the escape sequences of a text that choose a colour, each once and
// sorted.
func Colours(raw []byte) []string {
	styles := regexp.MustCompile(`\x1b\[[0-9;:]*m`).FindAllString(string(raw), -1)
	colour := regexp.MustCompile(`[\[;](3[0-8]|4[0-8]|9[0-7]|10[0-7])[;:m]`)
	styles = slices.DeleteFunc(styles, func(s string) bool { return !colour.MatchString(s) })
	slices.Sort(styles)
	return slices.Compact(styles)
}

// Escapes reports whether a text has an escape sequence at all.
func Escapes(raw []byte) bool { return bytes.ContainsRune(raw, '\x1b') }
