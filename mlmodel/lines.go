package mlmodel

import (
	"regexp"
	"strings"
)

// line is one logical line of a requirements file: continuations joined,
// comment and surrounding white space removed.
type line struct {
	// number is the physical line where it starts.
	number int
	text   string
}

// A comment starts with # at the start of a line or after white space; any
// other # belongs to a URL's fragment.
var comment = regexp.MustCompile(`(^|\s+)#.*$`)

// logicalLines splits a requirements file as pip does: a line that ends in a
// backslash continues on the next one, unless it is a comment; comments are
// removed after joining.
func logicalLines(data []byte) []line {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	var (
		lines  []line
		joined strings.Builder
		first  int
	)
	flush := func() {
		if t := strings.TrimSpace(comment.ReplaceAllString(joined.String(), "")); t != "" {
			lines = append(lines, line{number: first, text: t})
		}
		joined.Reset()
		first = 0
	}
	for i, physical := range strings.Split(text, "\n") {
		if first == 0 {
			first = i + 1
		}
		isComment := strings.HasPrefix(strings.TrimLeft(physical, " \t"), "#")
		switch {
		case isComment:
			// The space keeps the # the start of a comment after joining.
			joined.WriteString(" " + physical)
			flush()
		case strings.HasSuffix(physical, `\`):
			joined.WriteString(strings.TrimRight(physical, `\`))
		default:
			joined.WriteString(physical)
			flush()
		}
	}
	flush()
	return lines
}
