// Package terminal keeps the words of others from steering a terminal. What a
// model, a package, a server, a registry or a cluster says goes to people through
// it: control characters and marks that turn the direction of writing are shown,
// and not obeyed.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable shows what a terminal would obey as an escape: \x1b, \u202e. That are
// the control characters of ASCII and ISO 6429 (C0 but the line feed and the tab,
// DEL, C1), Unicode's Bidi_Control characters and its separators of lines and
// paragraphs, and bytes that are no UTF-8, which some terminals read as C1. All
// else stays as it is, so that what is printable already does not change.
func Printable(text string) string {
	return escape(text, func(r rune) bool { return obeyed(r) && r != '\n' && r != '\t' })
}

// Line is Printable for a text that has its place in a line, such as a name in a
// table: it also shows line feeds and tabs.
func Line(text string) string { return escape(text, obeyed) }

// Masked has U+FFFD for each character that Printable would escape, so that the
// lines have as many characters as those of the text, which columns count on. A
// carriage return before a line feed is part of the line's end and left out.
func Masked(text string) string {
	return strings.Map(func(r rune) rune {
		if obeyed(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// Obeys reports whether a text has anything that Line would escape.
func Obeys(text string) bool { return !utf8.ValidString(text) || strings.ContainsFunc(text, obeyed) }

func escape(text string, escaped func(rune) bool) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, escaped) {
		return text
	}
	var out strings.Builder
	for n, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[n:], string(utf8.RuneError)):
			fmt.Fprintf(&out, `\x%02x`, text[n])
		case !escaped(r):
			out.WriteRune(r)
		case r > 0xff:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\x%02x`, r)
		}
	}
	return out.String()
}

// obeyed says whether a character does something to a terminal, the line feed and
// the tab included.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}
