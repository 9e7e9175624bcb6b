package deployfile

import (
	"fmt"
	"slices"
	"strings"
)

func join(path []string, part string) []string {
	return append(slices.Clip(path), part)
}

// describe returns how messages call a key: port of [server] is "server.port".
func describe(path []string) string {
	var b strings.Builder
	for i, part := range path {
		switch {
		case i > 0 && isNumber(part):
			fmt.Fprintf(&b, "[%s]", part)
		case i > 0:
			b.WriteString("." + bareOrQuoted(part))
		default:
			b.WriteString(bareOrQuoted(part))
		}
	}
	return b.String()
}

func bareOrQuoted(part string) string {
	for _, c := range part {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return fmt.Sprintf("%q", part)
		}
	}
	if part == "" {
		return `""`
	}
	return part
}
