package lint

import (
	"errors"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/redact"
)

// Mask returns the Deployfile's text with an asterisk for every character that
// a finding marks as secret, so that all positions stay. Render findings on
// this text.
func Mask(source []byte, findings []Finding) []byte {
	var hidden []redact.Range
	for _, f := range findings {
		if f.Secret {
			hidden = append(hidden, redact.Range{Start: redact.Position(f.Range.Start), End: redact.Position(f.Range.End)})
		}
	}
	return redact.Ranges(source, hidden)
}

// MaskError is Mask for values that deployfile.Parse refuses as credentials:
// render its errors on this text.
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
