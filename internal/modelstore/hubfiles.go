package modelstore

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/opencontainers/go-digest"
)

// files lists the files of the directory.
func (h *hub) files(ctx context.Context) ([]File, error) {
	var files []File
	address := h.api(h.name.Repository, "tree", h.name.Revision)
	if h.name.Path != "" {
		address += "/" + escaped(h.name.Path)
	}
	address += "?recursive=true"
	for page := 0; address != ""; page++ {
		if page == maxPages {
			return nil, fmt.Errorf("%s: the list of the model's files does not end", h.client.host)
		}
		var entries []hubEntry
		headers, err := h.client.page(ctx, "the list of the model's files", func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, address, nil)
		}, &entries)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			f, ok, err := h.file(e)
			if err != nil {
				return nil, err
			}
			if ok {
				files = append(files, f)
			}
		}
		if len(files) > maxFiles {
			return nil, fmt.Errorf("%s: the model has more than %d files", h.client.host, maxFiles)
		}
		if address, err = h.next(headers); err != nil {
			return nil, err
		}
	}
	return files, nil
}

type hubEntry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	// OID is the hash of a file's blob in git.
	OID string `json:"oid"`
	LFS *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// file returns a file of the model; ok is false for what is none.
func (h *hub) file(e hubEntry) (f File, ok bool, err error) {
	name := e.Path
	if h.name.Path != "" {
		if name, ok = strings.CutPrefix(e.Path, h.name.Path+"/"); !ok {
			return f, false, fmt.Errorf("%s: the hub lists %q, which is outside of %s", h.client.host, e.Path, h.name.Path)
		}
	}
	if e.Type != "file" || h.name.Path == "" && ofGit(name) {
		return f, false, nil
	}
	f = File{Path: name, Size: e.Size}
	if e.OID != "" {
		f.Version = "git " + e.OID
	}
	if e.LFS != nil {
		if digest.NewDigestFromEncoded(digest.SHA256, e.LFS.OID).Validate() != nil {
			return f, false, fmt.Errorf("%s: the hub says the hash %q of %q, which is no sha256", h.client.host, e.LFS.OID, name)
		}
		f.Size, f.SHA256 = e.LFS.Size, e.LFS.OID
	}
	return f, true, nil
}

// ofGit reports whether a file in the root of a repository is there for git, and no part
// of the model.
func ofGit(name string) bool {
	return name == ".gitattributes" || name == ".gitignore" || name == ".gitmodules" || name == ".lfsconfig"
}

// next returns the address of the next page, "" if there is none.
func (h *hub) next(headers http.Header) (string, error) {
	m := nextPage.FindStringSubmatch(strings.Join(headers.Values("Link"), ","))
	if m == nil {
		return "", nil
	}
	base, err := url.Parse(h.base + "/")
	if err != nil {
		return "", err
	}
	u, err := base.Parse(m[1])
	if err != nil || !sameOrigin(u, h.base) {
		return "", fmt.Errorf("%s: the list of the model's files goes on at another host: %w", h.client.host, errNotFollowed)
	}
	return u.String(), nil
}
