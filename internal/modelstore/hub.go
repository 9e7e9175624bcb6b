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

var nextPage = regexp.MustCompile(`<([^>]+)>\s*;\s*rel="?next"?`)

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
