package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"

	"github.com/deployfile/deployfile/modelsource"
)

// open returns the store of a location that a server names.
func (s *server) open(location string) (Store, error) {
	scheme, _, _ := strings.Cut(location, ":")
	switch {
	case scheme == "mlflow-artifacts":
		files, signed, err := modelsource.ProxiedArtifacts(s.base, location)
		if err != nil {
			return nil, err
		}
		return &proxied{client: s.client, files: files, signed: signed}, nil
	case scheme != "file" && !path.IsAbs(location) && !(modelsource.Objects{}).Match(location):
		return nil, fmt.Errorf("%s: the files are at a location of the scheme %q, which cannot be read", s.client.host, scheme)
	case !s.trusted && !onLoopback(s.client.host):
		// It could name any directory of this machine, and any bucket that the user
		// may read.
		return nil, fmt.Errorf("%s: the files are elsewhere, at %s; if you trust the server, set MLFLOW_TRACKING_URI=%s", s.client.host, location, s.base)
	case (modelsource.Objects{}).Match(location):
		return openObjects(context.Background(), location, s.options)
	}
	return openDirectory(location)
}

// proxied is a directory of artifacts that an MLflow server reads from its own store.
type proxied struct {
	client *client
	// files is the directory's address, signed that of the API that signs addresses.
	files, signed string
	// signsNone says that the API does not.
	signsNone atomic.Bool
}

var _ Store = (*proxied)(nil)

// List implements Store: the API lists one directory at a time.
func (p *proxied) List(ctx context.Context) ([]File, error) {
	base, directory, _ := strings.Cut(p.files, "/mlflow-artifacts/artifacts/")
	if directory, err := url.PathUnescape(directory); err == nil {
		return p.listUpTo(ctx, base+"/mlflow-artifacts/artifacts", directory, maxFiles)
	}
	return nil, errors.New("the location is not valid")
}

// listUpTo lists a directory that has no more than limit files and directories.
func (p *proxied) listUpTo(ctx context.Context, api, directory string, limit int) ([]File, error) {
	var files []File
	pending := []string{""}
	for directories := 1; len(pending) > 0; directories++ {
		at := pending[0]
		pending = pending[1:]
		if strings.Count(at, "/") > maxDepth {
			return nil, fmt.Errorf("%s: the model's directories are nested more than %d deep", p.client.host, maxDepth)
		}
		var answer struct {
			Files []struct {
				Path  string `json:"path"`
				IsDir bool   `json:"is_dir"`
				Size  *int64 `json:"file_size"`
			} `json:"files"`
		}
		err := p.client.json(ctx, "the list of the model's files", func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, api+"?"+url.Values{"path": {path.Join(directory, at)}}.Encode(), nil)
		}, &answer)
		if err != nil {
			return nil, err
		}
		for _, f := range answer.Files {
			name := path.Join(at, f.Path)
			if f.Path == "" || f.Path != path.Clean(f.Path) || strings.HasPrefix(f.Path, "../") || f.Path == ".." || path.IsAbs(f.Path) {
				return nil, fmt.Errorf("%s: the server lists a file %q, which is outside the model's directory", p.client.host, f.Path)
			}
			if f.IsDir {
				pending = append(pending, name)
				continue
			}
			size := int64(-1)
			if f.Size != nil {
				size = *f.Size
			}
			files = append(files, File{Path: name, Size: size})
		}
		if len(files)+len(pending)+directories > limit {
			return nil, fmt.Errorf("%s: the model has more than %d files and directories", p.client.host, limit)
		}
	}
	return listed(files)
}

// Open implements Store: at an address that the server signs, if it does, since ranges
// work there, else through the server.
func (p *proxied) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	what := fmt.Sprintf("%q", f.Path)
	address, err := p.sign(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	if address != nil {
		return p.client.get(ctx, what, address.URL, address.Headers, offset)
	}
	return p.client.get(ctx, what, p.files+"/"+escaped(f.Path), nil, offset)
}

type signedAddress struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

// sign returns an address of a file with a signature, nil if the server makes none.
func (p *proxied) sign(ctx context.Context, f File) (*signedAddress, error) {
	if p.signsNone.Load() {
		return nil, nil
	}
	var answer signedAddress
	err := p.client.json(ctx, fmt.Sprintf("a signed address of %q", f.Path), func() (*http.Request, error) {
		return http.NewRequest(http.MethodGet, p.signed+"/"+escaped(f.Path), nil)
	}, &answer)
	switch status(err) {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		p.signsNone.Store(true)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(answer.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s signs an address that is not http or https", p.client.host)
	}
	return &answer, nil
}

// Access implements Store.
func (p *proxied) Access(context.Context, []File) (*modelsource.Access, error) {
	if onLoopback(p.client.host) {
		return nil, nil
	}
	a := &modelsource.Access{URL: p.files, Signed: p.signed, CA: string(p.client.authorities)}
	// The location may name another host than the tracking server's.
	if u, err := url.Parse(p.files); err == nil && u.Host == p.client.host {
		a.Headers = p.client.stepHeaders()
	}
	return a, nil
}

// onLoopback reports whether a host is this machine, as no step of a builder reaches it.
func onLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// escaped returns a file's path as part of an address.
func escaped(name string) string {
	parts := strings.Split(name, "/")
	for n := range parts {
		parts[n] = url.PathEscape(parts[n])
	}
	return strings.Join(parts, "/")
}

// status returns the status of a *statusError, 0 of another error.
func status(err error) int {
	var e *statusError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
