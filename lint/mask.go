package lint

import (
	"bytes"

	"github.com/deployfile/deployfile/deployfile"
)

// Mask is the Deployfile's text with an asterisk in place of every character
// that a finding calls secret, so that all positions stay. Whoever draws
// findings draws them on this text.
func Mask(source []byte, findings []Finding) []byte {
	var hidden []deployfile.Range
	for _, f := range findings {
		if f.Secret {
			hidden = append(hidden, f.Range)
		}
	}
	if len(hidden) == 0 {
		return source
	}
	var out bytes.Buffer
	at := deployfile.Position{Line: 1, Column: 1}
	for _, r := range string(source) {
		switch {
		case r == '\uFEFF' && at.Line == 1 && at.Column == 1:
			// Columns do not count a byte order mark.
			out.WriteRune(r)
			continue
		case r == '\n':
			at = deployfile.Position{Line: at.Line + 1, Column: 1}
			out.WriteRune(r)
			continue
		case covered(hidden, at) && r != '\r':
			out.WriteByte('*')
		default:
			out.WriteRune(r)
		}
		at.Column++
	}
	return out.Bytes()
}

func covered(ranges []deployfile.Range, at deployfile.Position) bool {
	for _, r := range ranges {
		if !before(at, r.Start) && before(at, r.End) {
			return true
		}
	}
	return false
}

func before(a, b deployfile.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}
