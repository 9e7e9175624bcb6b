package deployfile

import (
	"errors"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/internal/terminal"
)

// syntaxError turns the TOML library's error into a diagnostic.
func (r *report) syntaxError(err error) {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		r.syntax(span{}, strings.TrimPrefix(err.Error(), "toml: "), "")
		return
	}
	where := span{parse.Position.Start, parse.Position.Start + parse.Position.Len}
	if line := parse.Position.Line; line >= 1 && line <= len(r.index.text.lines) &&
		r.index.text.position(where.start).Line != line {
		where.start = r.index.text.lines[line-1]
		where.end = where.start + len(r.index.text.line(line))
	}
	r.syntax(where, syntaxMessage(parse.Message), syntaxHint(parse.Message))
}

// syntaxMessage converts the TOML library's message to the form of all messages.
func syntaxMessage(message string) string {
	message = strings.TrimSuffix(message, ".")
	message = strings.ReplaceAll(message, `but got '\x00' instead`, "but the file ends")
	if message != "" && message[0] >= 'A' && message[0] <= 'Z' && !strings.HasPrefix(message, "TOML") {
		message = strings.ToLower(message[:1]) + message[1:]
	}
	return terminal.Line(message)
}

// syntaxHint returns what usually helps. The TOML library has help for some errors, but
// only inside its own drawing.
func syntaxHint(message string) string {
	for _, known := range []struct{ part, hint string }{
		{"strings cannot contain newlines", "close the quotes before the end of the line"},
		{"invalid escape", `write "/" in a path, and "\\" where a backslash is meant`},
		{"expected a top-level item to end", "write one key on each line"},
		{"already been defined", "remove one of the two"},
		{"expected value but found", "put text in quotes"},
	} {
		if strings.Contains(message, known.part) {
			return known.hint
		}
	}
	return ""
}
