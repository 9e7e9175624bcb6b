package lint

import (
	"errors"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/redact"
)

// Mask is the Deployfile's text with an asterisk in place of every character
// that a finding calls secret, so that all positions stay. Whoever draws
// findings draws them on this text.
func Mask(source []byte, findings []Finding) []byte {
	var hidden []redact.Range
	for _, f := range findings {
		if f.Secret {
			hidden = append(hidden, redact.Range{Start: redact.Position(f.Range.Start), End: redact.Position(f.Range.End)})
		}
	}
	return redact.Ranges(source, hidden)
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
