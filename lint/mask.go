package lint

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

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
	slices.SortFunc(hidden, func(a, b deployfile.Range) int {
		return cmp.Or(cmp.Compare(a.Start.Line, b.Start.Line), cmp.Compare(a.Start.Column, b.Start.Column))
	})
	// end is that of the furthest range that has begun.
	var end deployfile.Position
	var out bytes.Buffer
	at := deployfile.Position{Line: 1, Column: 1}
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
			at = deployfile.Position{Line: at.Line + 1, Column: 1}
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

// MaskError is Mask for what deployfile.Parse refuses as a credential: whoever
// draws its errors with the lines around them draws them on this text.
func MaskError(source []byte, err error) []byte {
	var wrong deployfile.Errors
	errors.As(err, &wrong)
	var secret []Finding
	for _, d := range wrong {
		if d.Rule == "credential-in-url" {
			secret = append(secret, Finding{Range: d.Range, Secret: true})
		}
	}
	return Mask(source, secret)
}

func before(a, b deployfile.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
}
