package resolver

import (
	"fmt"
	"strings"

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
