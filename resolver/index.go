package resolver

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
)

// Index is a package index as the scripts receive it.
type Index struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Default bool   `json:"default,omitempty"`
	// Secret is the path of the credential in a step, SecretID the secret's id.
	Secret   string `json:"secret,omitempty"`
	SecretID string `json:"-"`
	// Mirror reports whether files of indexes without their own secret come from this
	// index.
	Mirror bool `json:"-"`
	// Extra reports whether a requirements file names the index: pip would take each
	// package from the index with the best version.
	Extra bool `json:"extra,omitempty"`
	// Packages are the only names that come from this index.
	Packages []string `json:"packages,omitempty"`
}

// Input returns the index as the lock records it.
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

// credential returns the index through which a step fetches a file: the one
// whose secret applies to the URL, else the mirror.
func credential(indexes []Index, fileURL string) (found Index, ok bool) {
	if i, ok := secretFor(indexes, fileURL); ok {
		return i, true
	}
	for _, i := range indexes {
		if i.Mirror {
			return i, true
		}
	}
	return Index{}, false
}

// secretFor returns the index whose secret goes to a URL, as uv chooses it (its
// documentation, "HTTP credentials"): of the indexes on the URL's host, the one with
// the longest path that the URL is below, if it has a secret. An index that keeps its
// files elsewhere on its host, as GitLab's groups do, is the one with the only secret
// there. scripts/step.py has the same as secret_for.
func secretFor(indexes []Index, fileURL string) (found Index, ok bool) {
	origin, at := splitURL(fileURL)
	var others []Index
	longest := -1
	for _, i := range indexes {
		host, root := splitURL(i.URL)
		if i.Mirror || origin == "" || host != origin {
			continue
		}
		root = withoutSimple(root)
		if len(root) > longest && len(root) <= len(at) && slices.Equal(root, at[:len(root)]) {
			longest, found = len(root), i
		}
		if i.SecretID != "" && !slices.ContainsFunc(others, func(o Index) bool { return o.SecretID == i.SecretID }) {
			others = append(others, i)
		}
	}
	switch {
	case longest >= 0:
		return found, found.SecretID != ""
	case len(others) == 1:
		return others[0], true
	}
	return Index{}, false
}

// IndexOf returns the number of the index that a URL is of: the one with the longest
// path that the URL is below, else the one whose secret goes there; -1 for neither.
func IndexOf(indexes []Index, address string) int {
	origin, at := splitURL(address)
	best, longest := -1, -1
	for n, i := range indexes {
		host, root := splitURL(i.URL)
		if origin != "" && host == origin && len(root) > longest && len(root) <= len(at) && slices.Equal(root, at[:len(root)]) {
			best, longest = n, len(root)
		}
	}
	if best >= 0 {
		return best
	}
	found, ok := credential(indexes, address)
	if !ok {
		return -1
	}
	return slices.IndexFunc(indexes, func(i Index) bool { return i.Name == found.Name && i.URL == found.URL })
}

// splitURL splits a URL into its origin (scheme and host with the port) and the
// parts of its path, as a server reads it. The origin is "" for an invalid URL
// or one with its own credential.
func splitURL(address string) (origin string, parts []string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return "", nil
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	parts = strings.FieldsFunc(path.Clean("/"+u.Path), func(r rune) bool { return r == '/' })
	return u.Scheme + "://" + host, parts
}

// withoutSimple removes "simple" or "+simple" from the path of an index: the
// pages are below it, the files beside it.
func withoutSimple(parts []string) []string {
	if last := len(parts) - 1; last >= 0 && (parts[last] == "simple" || parts[last] == "+simple") {
		return parts[:last]
	}
	return parts
}

// IndexList returns the indexes of a lock, without their secrets. It is the reverse
// of Index.Input.
func (i Inputs) IndexList() []Index {
	var out []Index
	for _, line := range i.Indexes {
		text, packages, _ := strings.Cut(line, " for ")
		words := strings.Fields(text)
		if len(words) < 2 {
			continue
		}
		out = append(out, Index{
			Name: words[0], URL: words[1], Default: slices.Contains(words[2:], "default"), Packages: strings.Fields(packages),
		})
	}
	return out
}

// FindLinks returns the addresses of pages and directories with wheels that a lock's
// requirements name. Those that are files of the build context are locked by path.
func (i Inputs) FindLinks() []string {
	var out []string
	for _, option := range i.Options {
		if link, ok := strings.CutPrefix(option, "--find-links "); ok && strings.Contains(link, "://") {
			out = append(out, link)
		}
	}
	return out
}
