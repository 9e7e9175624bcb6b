package resolver

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/toolchain"
)

// Index is a package index as the scripts are told of it.
type Index struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Default bool   `json:"default,omitempty"`
	// Secret is where a step finds the credential, SecretID the secret's id.
	Secret   string `json:"secret,omitempty"`
	SecretID string `json:"-"`
	// Mirror says that all files that come from no index with a secret of
	// its own come from this one.
	Mirror bool `json:"-"`
	// Packages are the only names that come from this index.
	Packages []string `json:"packages,omitempty"`
}

// Input is how the lock records the index.
func (i Index) Input() string {
	s := i.Name + " " + i.URL
	if i.Default {
		s += " default"
	}
	if len(i.Packages) > 0 {
		s += " for " + strings.Join(i.Packages, " ")
	}
	return s
}

// IndexNameError says that the credentials of two indexes cannot be told apart.
type IndexNameError struct {
	// Name is the later one's, Other that of the one before it.
	Name, Other string
}

// Error says why, and what to do.
func (e *IndexNameError) Error() string {
	return fmt.Sprintf("index names %q and %q differ in nothing but capitals and punctuation, and uv would take the credential of one for the other: rename one of them", e.Other, e.Name)
}

// CheckIndexes refuses names that are the same in the environment variables that
// uv takes credentials from, UV_INDEX_<NAME>_PASSWORD: there, letters are
// capitals and all but letters and digits is "_". The error is an
// *IndexNameError.
func CheckIndexes(indexes []Index) error {
	seen := map[string]string{}
	for _, i := range indexes {
		variable := strings.ToUpper(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return '_'
		}, i.Name))
		if other, ok := seen[variable]; ok {
			return &IndexNameError{Name: i.Name, Other: other}
		}
		seen[variable] = i.Name
	}
	return nil
}

func secrets(indexes []Index) []toolchain.Secret {
	var out []toolchain.Secret
	for _, i := range indexes {
		if i.SecretID != "" {
			out = append(out, toolchain.Secret{ID: i.SecretID, Path: i.Secret})
		}
	}
	return out
}

// credential returns the index that a file of that URL is fetched through in a
// step: the one with a secret whose host the URL is on, else the mirror.
func credential(indexes []Index, fileURL string) (found Index, ok bool) {
	for _, i := range indexes {
		switch {
		case i.Mirror && !ok:
			found, ok = i, true
		case i.SecretID != "" && origin(i.URL) == origin(fileURL):
			return i, true
		}
	}
	return found, ok
}

// origin is a URL's scheme and host.
func origin(u string) string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return u
	}
	host, _, _ := strings.Cut(rest, "/")
	return fmt.Sprintf("%s://%s", strings.ToLower(scheme), strings.ToLower(host))
}
