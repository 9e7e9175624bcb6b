package lint

import (
	"bytes"
	"errors"

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
