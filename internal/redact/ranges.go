package redact

import (
	"bytes"
	"cmp"
	"slices"
)

// Range is a part of a text, excluding End.
type Range struct{ Start, End Position }

// Position is a line and a column, both counted from 1. A column is a
// character; a byte order mark has none.
type Position struct{ Line, Column int }

// Ranges replaces each character of source in one of the ranges by an asterisk.
// Line ends stay, and so do all positions. Ranges may overlap, in any order.
func Ranges(source []byte, hidden []Range) []byte {
	if len(hidden) == 0 {
		return source
	}
	hidden = slices.Clone(hidden)
	slices.SortFunc(hidden, func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.Start.Line, b.Start.Line), cmp.Compare(a.Start.Column, b.Start.Column))
	})
	// end is the end of the furthest range that has begun.
	var end Position
	var out bytes.Buffer
	at := Position{Line: 1, Column: 1}
	for _, r := range string(source) {
		for len(hidden) > 0 && !before(at, hidden[0].Start) {
			if before(end, hidden[0].End) {
				end = hidden[0].End
			}
			hidden = hidden[1:]
		}
		switch {
		case r == '\uFEFF' && at.Line == 1 && at.Column == 1:
			// Columns do not count a byte order mark.
			out.WriteRune(r)
			continue
		case r == '\n':
			at = Position{Line: at.Line + 1, Column: 1}
			out.WriteRune(r)
			continue
		case before(at, end) && r != '\r':
			out.WriteByte('*')
		default:
			out.WriteRune(r)
		}
		at.Column++
	}
	return out.Bytes()
}

func before(a, b Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}
