package deployfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

func (e *Edit) splice(at span, text string) {
	e.data = append(append(bytes.Clone(e.data[:at.start]), text...), e.data[at.end:]...)
}

// comma returns the offset of the comma behind an item, -1 if there is none.
func (e *Edit) comma(from, to int) int {
	s := &scanner{data: e.data[:to], offset: from}
	if s.skip(" \t\r\n"); !s.atEnd() && s.data[s.offset] == ',' {
		return s.offset
	}
	return -1
}

func (e *Edit) blank(s span) bool { return len(bytes.TrimSpace(e.data[s.start:s.end])) == 0 }

func (e *Edit) lineStart(offset int) int { return bytes.LastIndexByte(e.data[:offset], '\n') + 1 }

// lineEnd returns the offset of the end of a line, before its line end.
func (e *Edit) lineEnd(offset int) int {
	end := bytes.IndexByte(e.data[offset:], '\n')
	if end < 0 {
		return len(e.data)
	}
	end += offset
	if end > offset && e.data[end-1] == '\r' {
		end--
	}
	return end
}

// lineEnds returns the length of the line end at an offset, 0 if there is none.
func (e *Edit) lineEnds(offset int) int {
	for _, end := range []string{"\n", "\r\n"} {
		if bytes.HasPrefix(e.data[offset:], []byte(end)) {
			return len(end)
		}
	}
	return 0
}

// newline returns the line end that the text uses.
func (e *Edit) newline() string {
	if bytes.Contains(e.data, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// tomlText returns a text as TOML has it, which stands for itself in a Deployfile.
func tomlText(text string) string {
	text = strings.ReplaceAll(text, "${", "$${")
	if strings.ContainsAny(text, `"\`) && !strings.ContainsFunc(text, func(r rune) bool { return r == '\'' || r < ' ' || r == 0x7f || r == utf8.RuneError }) {
		return "'" + text + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
