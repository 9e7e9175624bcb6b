package deployfile

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/terminal"
)

// shownLines is how many lines of a long range Render draws.
const shownLines = 4

// Render draws a diagnostic with the lines of the source that it means, each
// underlined, and the hints below. A message may have several lines, of which the first
// is the headline:
//
//	Deployfile:5:1: error: unknown key "pyhton" in [environment]
//	  |
//	5 | pyhton = "3.11"
//	  | ^^^^^^
//	  = did you mean "python"?
//
// Credentials inside URLs are drawn as asterisks.
func Render(w io.Writer, source []byte, d Diagnostic) error {
	t := newText(source)
	last := min(d.Range.End.Line, d.Range.Start.Line+shownLines-1)
	gutter := strings.Repeat(" ", len(fmt.Sprint(last)))

	style := styleOf(d.Severity)
	out := printer{to: w}
	headline, more, _ := strings.Cut(d.Message, "\n")
	out.plain("%s:%d:%d: ", d.File, d.Range.Start.Line, d.Range.Start.Column)
	out.paint(style, string(d.Severity)+":")
	out.plain(" %s\n", headline)
	if more != "" {
		out.plain("%s\n", strings.TrimRight(more, "\n"))
	}
	whole := d.whole()
	if whole {
		last = 0
	} else {
		out.plain("%s |\n", gutter)
	}
	for number := d.Range.Start.Line; number <= last; number++ {
		line, from, to := d.drawn(t.line(number), number)
		out.plain("%*d | %s\n", len(gutter), number, string(line))
		out.plain("%s | %s", gutter, blank(line[:from]))
		out.paint(style, strings.Repeat("^", max(1, to-from)))
		out.plain("\n")
	}
	if !whole && last < d.Range.End.Line {
		out.plain("%s | ...\n", gutter)
	}
	for hint := range strings.Lines(d.Hint) {
		hint = strings.TrimSuffix(hint, "\n")
		if d.Rule == ruleUnknownKey {
			hint = wrapped(hint, hintWidth-len(gutter), gutter+"   ")
		}
		out.plain("%s ", gutter)
		out.paint(terminal.Hint, "= "+hint)
		out.plain("\n")
	}
	if out.err != nil {
		return fmt.Errorf("drawing a diagnostic: %w", out.err)
	}
	return nil
}

// Line returns the first of the lines that Render draws of the source, "" if it draws none.
func (d Diagnostic) Line(source []byte) string {
	if d.whole() {
		return ""
	}
	line, _, _ := d.drawn(newText(source).line(d.Range.Start.Line), d.Range.Start.Line)
	return string(line)
}

// whole reports whether it is about no line more than about another.
func (d Diagnostic) whole() bool {
	return d.Range.Start == d.Range.End && d.Range.Start == Position{1, 1}
}

// drawn returns a line as drawn does, without a credential that it is about.
func (d Diagnostic) drawn(source []byte, number int) (line []rune, from, to int) {
	line, from, to = drawn(source, number, d.Range)
	if d.Rule == ruleCredential {
		copy(line[from:to], []rune(strings.Repeat("*", to-from)))
	}
	return line, from, to
}

// hintWidth is how wide a list of keys is drawn, on a terminal of 80 columns. A hint with
// a command stays on its line, so that it can be copied.
const hintWidth = 76

// wrapped breaks a text at its spaces into lines of at most width characters, if its words
// let it; the lines after the first begin with indent.
func wrapped(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for n, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case column+1+length > width:
			b.WriteString("\n" + indent)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}

// printer writes pieces of text until one fails.
type printer struct {
	to  io.Writer
	err error
}

func (p *printer) plain(format string, args ...any) {
	p.paint(terminal.Plain, fmt.Sprintf(format, args...))
}

func (p *printer) paint(s terminal.Style, text string) {
	if p.err == nil {
		p.err = terminal.Fprint(p.to, s, text)
	}
}

func styleOf(s Severity) terminal.Style {
	switch s {
	case SeverityError:
		return terminal.Error
	case SeverityWarning:
		return terminal.Warning
	}
	return terminal.Hint
}

// shownWidth is how many characters of a long line are drawn, and how many of them
// before what is underlined.
const (
	shownWidth  = 1000
	shownBefore = 100
)

// drawn returns a line as it is printed, and which of its characters are underlined. Of a
// long one it is what is around these.
func drawn(source []byte, number int, r Range) (line []rune, from, to int) {
	if len(source) <= shownWidth {
		line = []rune(terminal.Masked(redact.Mask(string(source))))
		from, to = underlined(line, number, r)
		return line, from, to
	}
	if number == r.Start.Line {
		from = r.Start.Column - 1
	}
	start := max(0, from-shownBefore)
	left, rest := cutCharacters(source, start)
	shown, right := cutCharacters(rest, shownWidth)
	cut := string(shown)
	if at := strings.LastIndex(cut, "@"); at >= 0 && bytes.Contains(left, []byte("//")) {
		// What stands before the "@" may be a credential that begins further left.
		cut = strings.Repeat("*", utf8.RuneCountInString(cut[:at])) + cut[at:]
	}
	line = []rune(terminal.Masked(redact.Mask(cut)))
	r.Start.Column, r.End.Column = r.Start.Column-start, max(1, r.End.Column-start)
	from, to = underlined(line, number, r)
	if len(left) > 0 {
		line, from, to = append([]rune("…"), line...), from+1, to+1
	}
	if len(right) > 0 {
		line = append(line, '…')
	}
	return line, from, to
}

// cutCharacters cuts a text behind its first n characters.
func cutCharacters(text []byte, n int) (before, after []byte) {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return text[:at], text[at:]
}

// underlined returns which characters of a line belong to the range.
func underlined(line []rune, number int, r Range) (from, to int) {
	to = len(line)
	for from < to && unicode.IsSpace(line[from]) {
		from++
	}
	if number == r.Start.Line {
		from = clamp(r.Start.Column-1, 0, len(line))
	}
	if number == r.End.Line {
		to = clamp(r.End.Column-1, from, len(line))
	}
	return from, to
}

// blank is as wide as the text, tabs included.
func blank(line []rune) string {
	return strings.Map(func(c rune) rune {
		if c == '\t' {
			return c
		}
		return ' '
	}, string(line))
}
