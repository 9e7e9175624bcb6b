package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/opencontainers/go-digest"
)

// The hub, and the variables of its own client (huggingface_hub/constants.py).
const (
	defaultHub        = "https://huggingface.co"
	hubVariable       = modelsource.HubServer
	hubTokenFile      = "HF_TOKEN_PATH"
	hubHome           = "HF_HOME"
	cacheHomeVariable = "XDG_CACHE_HOME"
)

// hub is a directory of a repository on a hub, at a commit.
type hub struct {
	client *client
	// base is the hub's address, without a slash at its end.
	base string
	name modelsource.HubName
}

var _ Store = (*hub)(nil)

// resolveHub asks the hub for the commit of a revision.
func resolveHub(ctx context.Context, source string, o Options) (*Model, error) {
	n, err := modelsource.ParseHub(source)
	if err != nil {
		return nil, err
	}
	h, err := newHub(hubAddress(o), o)
	if err != nil {
		return nil, err
	}
	revision := n.Revision
	if revision == "" {
		revision = "main"
	}
	var answer struct {
		SHA string `json:"sha"`
	}
	what := fmt.Sprintf("the revision %q of %s", revision, n.Repository)
	err = h.client.json(ctx, what, func() (*http.Request, error) {
		return http.NewRequest(http.MethodGet, h.api(n.Repository, "revision", url.PathEscape(revision)), nil)
	}, &answer)
	if err != nil {
		return nil, err
	}
	pin := modelsource.Pin{Source: source, Resolved: n.Pinned(answer.SHA), Location: n.Pinned(answer.SHA), Server: h.base}
	n.Revision = answer.SHA
	if _, err := n.Files(h.base); err != nil {
		return nil, fmt.Errorf("%s: %w", h.client.host, err)
	}
	h.name = n
	return &Model{Pin: pin, Store: h}, nil
}

// reopenHub returns the store of a pin.
func reopenHub(pin modelsource.Pin, o Options) (Store, error) {
	n, err := modelsource.ParseHub(pin.Resolved)
	if err != nil {
		return nil, err
	}
	server := pin.Server
	if o.Getenv(hubVariable) != "" {
		// A mirror has the same commits.
		server = hubAddress(o)
	}
	h, err := newHub(server, o)
	if err != nil {
		return nil, err
	}
	h.name = n
	return h, nil
}

func hubAddress(o Options) string {
	if address := o.Getenv(hubVariable); address != "" {
		return address
	}
	return defaultHub
}

// newHub returns the hub at an address, and asks nobody. The user's token goes to the hub
// that HF_ENDPOINT names, or to the default one: a lock could name any.
func newHub(address string, o Options) (*hub, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New(hubVariable + " must be an http or https address without a credential")
	}
	u.RawQuery, u.Fragment = "", ""
	h := &hub{base: strings.TrimRight(u.String(), "/")}
	token, err := hubToken(o)
	if err != nil {
		return nil, err
	}
	headers := http.Header{}
	a := advice{
		credential: "set HF_TOKEN, or log in with the hub's own client; a repository that does not exist is denied likewise",
		authority:  "SSL_CERT_FILE",
	}
	switch {
	case token != "" && sameOrigin(u, hubAddress(o)):
		headers.Set(authorization, "Bearer "+token)
	case token != "":
		a.withheld = hubVariable + "=" + h.base
	}
	h.client, err = newClient(u, headers, nil, a)
	return h, err
}

// hubToken returns the user's token, as the hub's client finds it.
func hubToken(o Options) (string, error) {
	if token := o.Getenv(modelsource.HubToken); token != "" {
		return strings.TrimSpace(token), nil
	}
	name := o.Getenv(hubTokenFile)
	if name == "" {
		home := o.Getenv(hubHome)
		switch caches := o.Getenv(cacheHomeVariable); {
		case home != "":
		case caches != "":
			home = filepath.Join(caches, "huggingface")
		case o.Home != "":
			home = filepath.Join(o.Home, ".cache", "huggingface")
		default:
			return "", nil
		}
		name = filepath.Join(home, "token")
	}
	data, err := untrusted.ReadNamed(name, maxCredentials)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("the hub's token: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// api returns an address of the hub's API, of parts that are escaped.
func (h *hub) api(repository string, parts ...string) string {
	return strings.Join(append([]string{h.base, "api/models", repository}, parts...), "/")
}

// List implements Store. Of large files the hub says the sha256.
func (h *hub) List(ctx context.Context) ([]File, error) {
	files, err := h.files(ctx)
	if err != nil {
		return nil, err
	}
	return modelIn(files)
}

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

var nextPage = regexp.MustCompile(`<([^>]+)>\s*;\s*rel="?next"?`)

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

// Open implements Store.
func (h *hub) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	files, err := h.name.Files(h.base)
	if err != nil {
		return nil, 0, err
	}
	return h.client.get(ctx, fmt.Sprintf("%q", path.Join(h.name.Path, f.Path)), files+"/"+escaped(f.Path), nil, offset)
}

// Access implements Store.
func (h *hub) Access(context.Context, []File) (*modelsource.Access, error) {
	if onLoopback(h.client.host) {
		return nil, nil
	}
	files, err := h.name.Files(h.base)
	if err != nil {
		return nil, err
	}
	return &modelsource.Access{URL: files, Headers: h.client.stepHeaders()}, nil
}

// modelIn checks and sorts the files of a directory that must be a model.
func modelIn(files []File) ([]File, error) {
	files, err := listed(files)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Path == modelFile {
			return files, nil
		}
	}
	return nil, errors.New("it has no MLmodel; name the directory that has one")
}
