package mlmodel

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
)

// hashes reads the --hash options after a requirement. It refuses an option for
// the build of an sdist, which would change what is installed.
func hashes(file string, l line, options []option) ([]string, error) {
	var values []string
	for _, o := range options {
		if o.name != "--hash" {
			return nil, newSourceError(file, l.number, l.text, o.name+" is not supported",
				"build the wheel yourself, put it in the model's wheels directory and name its path")
		}
		algorithm, digest, _ := strings.Cut(o.value, ":")
		size := map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}[algorithm]
		raw, err := hex.DecodeString(digest)
		if size == 0 || err != nil || len(raw) != size {
			return nil, newSourceError(file, l.number, l.text, fmt.Sprintf("%q is not a hash", redact.Cut(o.value)),
				"write sha256:, sha384: or sha512: and the digest in hexadecimal")
		}
		values = append(values, algorithm+":"+strings.ToLower(digest))
	}
	return values, nil
}
