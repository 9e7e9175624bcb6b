package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/deployfile/deployfile/modelsource"
)

// archive is a model in a file at an address. The file is downloaded at once into the
// user's cache, and the model's files are put there, too.
type archive struct {
	together
	client  *client
	address string

	// file is the archive, of which only the path is known before it is downloaded;
	// root is the directory in it that is the model.
	file modelsource.File
	root string
}

var _ Store = (*archive)(nil)

// resolveArchive downloads an archive.
func resolveArchive(ctx context.Context, source string, o Options) (*Model, error) {
	a, err := newArchive(source, o)
	if err != nil {
		return nil, err
	}
	if err := a.download(ctx); err != nil {
		return nil, err
	}
	if err := a.unpack(ctx); err != nil {
		return nil, err
	}
	return &Model{Store: a, Pin: modelsource.Pin{
		Source: source, Resolved: source + "#sha256=" + a.file.SHA256, Location: source, Archive: &a.file, Root: a.root,
	}}, nil
}

// reopenArchive returns the store of a pin.
func reopenArchive(pin modelsource.Pin, o Options) (Store, error) {
	if pin.Archive == nil || pin.Location != pin.Source {
		return nil, fmt.Errorf("the lock has no archive of %s; run deployfile lock --upgrade-model", pin.Source)
	}
	a, err := newArchive(pin.Location, o)
	if err != nil {
		return nil, err
	}
	a.file, a.root = *pin.Archive, pin.Root
	return a, nil
}

func newArchive(address string, o Options) (*archive, error) {
	if err := (modelsource.Archive{}).Check(address); err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("it is not an address")
	}
	headers, err := netrcHeaders(u, o)
	if err != nil {
		return nil, err
	}
	c, err := newClient(u, headers, nil, advice{
		credential: "write login and password of " + u.Hostname() + " into ~/.netrc",
		authority:  "SSL_CERT_FILE",
	})
	return &archive{client: c, address: address, together: together{cache: o.Cache}, file: modelsource.File{Path: modelsource.ArchiveFile}}, err
}

// List implements Store.
func (a *archive) List(ctx context.Context) ([]File, error) {
	err := a.unpack(ctx)
	return a.files, err
}

// Open implements Store: the archive is downloaded, unless it was, and unpacked.
func (a *archive) Open(ctx context.Context, f File, _ int64) (io.ReadCloser, int64, error) {
	return a.together.open(f, "archive", func() error {
		if err := a.download(ctx); err != nil {
			return err
		}
		return a.unpack(ctx)
	})
}

// Access implements Store.
func (a *archive) Access(context.Context, []File) (*modelsource.Access, error) {
	if onLoopback(a.client.host) {
		return nil, nil
	}
	return &modelsource.Access{File: a.address, Headers: a.client.stepHeaders()}, nil
}

// download puts the archive into the cache, and compares its hash if that is known.
func (a *archive) download(ctx context.Context) error {
	cache, err := a.cache()
	if err != nil {
		return err
	}
	f := File{Path: a.file.Path, Size: a.file.Size, SHA256: a.file.SHA256}
	if f.SHA256 == "" {
		f.Size, f.Version = a.ask(ctx)
	}
	got, err := download(ctx, cache, wholeFile{a}, a.address, f)
	if err == nil {
		a.file = got
	}
	return err
}

// ask returns the archive's size, -1 if the server does not say it, and a name of its
// contents, "" if there is none. Not every server answers this method.
func (a *archive) ask(ctx context.Context) (size int64, version string) {
	resp, err := a.client.once().send(ctx, "the model's archive", func() (*http.Request, error) {
		return http.NewRequest(http.MethodHead, a.address, nil)
	})
	if err != nil {
		return -1, ""
	}
	resp.Body.Close()
	return resp.ContentLength, strongTag(resp.Header)
}

// strongTag returns the entity tag of bytes that are the same whenever it is the same.
func strongTag(h http.Header) string {
	if tag := h.Get("ETag"); len(tag) > 2 && tag[0] == '"' {
		return tag
	}
	return ""
}

// wholeFile is the archive itself as the only file of a store.
type wholeFile struct{ *archive }

// Open implements Store.
func (w wholeFile) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	headers := map[string]string{}
	if offset > 0 && f.Version != "" {
		headers["If-Range"] = f.Version
	}
	return w.client.get(ctx, "the model's archive", w.address, headers, offset)
}
