// Package terminal makes untrusted text printable. Text from a model, a
// package, a server, a registry or a cluster reaches people through it: control
// characters and bidirectional marks are escaped, so that the terminal does not
// obey them.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable escapes what a terminal would obey: \x1b, \u202e. Those are the
// control characters of ASCII and ISO 6429 (C0 except line feed and tab, DEL,
// C1), Unicode's Bidi_Control characters and its line and paragraph separators,
// and invalid UTF-8, which some terminals read as C1. Everything else is
// unchanged, so escaping twice changes nothing.
func Printable(text string) string {
	return escape(text, func(r rune) bool { return obeyed(r) && r != '\n' && r != '\t' })
}

// Line is Printable for text within a line, such as a name in a table: it also
// escapes line feeds and tabs.
func Line(text string) string { return escape(text, obeyed) }

// Masked replaces each character that Printable would escape by U+FFFD, so that
// columns stay correct. It omits a carriage return before a line feed, which
// belongs to the line ending.
func Masked(text string) string {
	return strings.Map(func(r rune) rune {
		if obeyed(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// Obeys reports whether Line would escape anything in a text.
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

// obeyed reports whether a terminal obeys a character, including line feed and
// tab.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}
