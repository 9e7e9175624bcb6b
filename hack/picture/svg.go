//go:build unix

package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The size of a character, of the margin, and the colours of the window.
const (
	cellWidth, cellHeight = 8.4, 18
	margin                = 16
	background            = "#0d1117"
	foreground            = "#e6edf3"
)

// svg draws the lines of a screen up to the last that has text. Each run of characters
// of one style is a text of its own, at its column, so that any monospaced font will do.
func svg(lines []uv.Line, columns int) []byte {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1].String()) == "" {
		lines = lines[:len(lines)-1]
	}
	var b bytes.Buffer
	width, height := float64(columns)*cellWidth+2*margin, len(lines)*cellHeight+2*margin
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %d\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\">\n", width, height)
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n", background)
	for y, line := range lines {
		for _, r := range runs(line) {
			fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\" fill=\"%s\" textLength=\"%.1f\" xml:space=\"preserve\"%s>",
				margin+float64(r.column)*cellWidth, margin+(y+1)*cellHeight-5, r.colour, float64(r.cells)*cellWidth, r.weight)
			// A Buffer takes everything.
			_ = xml.EscapeText(&b, []byte(r.text))
			b.WriteString("</text>\n")
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// run is text of one style.
type run struct {
	column, cells  int
	text           string
	colour, weight string
}

// runs returns those of a line, without the blanks at their ends.
func runs(line uv.Line) []run {
	var out []run
	for x, cell := range line {
		if cell.Content == "" && cell.Width == 0 {
			continue // the second half of a wide character
		}
		r := run{x, max(cell.Width, 1), cell.Content, hex(cell.Style.Fg), ""}
		if r.text == "" {
			r.text = " "
		}
		if cell.Style.Attrs&uv.AttrBold != 0 {
			r.weight = ` font-weight="bold"`
		}
		if last := len(out) - 1; last >= 0 && out[last].colour == r.colour && out[last].weight == r.weight {
			out[last].text += r.text
			out[last].cells += r.cells
			continue
		}
		out = append(out, r)
	}
	trimmed := out[:0]
	for _, r := range out {
		text := strings.TrimRight(r.text, " ")
		r.cells -= len(r.text) - len(text)
		if r.text = text; text != "" {
			trimmed = append(trimmed, r)
		}
	}
	return trimmed
}

// palette has the sixteen colours of a terminal as they can be read on the background:
// each terminal has its own.
func palette() []string {
	return []string{
		"#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", foreground,
		"#8b949e", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
	}
}

// hex returns a colour as SVG has it.
func hex(c color.Color) string {
	if c == nil {
		return foreground
	}
	if basic, ok := c.(ansi.BasicColor); ok && int(basic) < len(palette()) {
		return palette()[basic]
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
