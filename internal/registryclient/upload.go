package registryclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Uploader uploads blobs whose digests are known only when they have been sent, and
// goes on where an upload broke off. go-containerregistry does neither.
type Uploader struct {
	repository name.Repository
	client     *http.Client
}

// Content is what a blob is made of.
type Content interface {
	// Size is its size in bytes.
	Size() int64
	// Open reads it from an offset on.
	Open(offset int64) (io.ReadCloser, error)
	// Digest is that of the whole, once a reader has come to the end.
	Digest() (v1.Hash, error)
}

// NewUploader logs in to a repository, to push to it.
func NewUploader(ctx context.Context, to name.Repository) (*Uploader, error) {
	t, err := login(ctx, to, to.Scope(transport.PushScope))
	if err != nil {
		return nil, err
	}
	return &Uploader{to, &http.Client{Transport: t}}, nil
}

func login(ctx context.Context, to name.Repository, scopes ...string) (http.RoundTripper, error) {
	auth, err := authn.Resolve(ctx, registryauth.Keychain(), to)
	if err != nil {
		return nil, err
	}
	base := transport.NewUserAgent(untrusted.Registry(anywhere()), "deployfile")
	return transport.NewWithContext(ctx, to.Registry, auth, base, scopes)
}

// Has reports whether the repository has a blob.
func (u *Uploader) Has(ctx context.Context, digest v1.Hash) (bool, error) {
	resp, err := u.do(ctx, http.MethodHead, u.url("blobs/"+digest.String()), nil, nil, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return false, err
	}
	return resp.StatusCode == http.StatusOK, nil
}

// uploadAttempts is how often an upload goes on without a byte more at the registry.
const uploadAttempts = 5

// Upload uploads content. It goes on with the upload at a location, "" for none, and
// calls started with the location of each new one.
func (u *Uploader) Upload(ctx context.Context, c Content, location string, started func(location string)) (v1.Hash, error) {
	var reached int64
	for attempt := 1; ; attempt++ {
		digest, offset, err := u.try(ctx, c, &location, started)
		if err == nil || ctx.Err() != nil || !again(err) {
			return digest, err
		}
		if offset > reached {
			reached, attempt = offset, 1
		}
		if attempt == uploadAttempts {
			return digest, err
		}
		if err := pause(ctx, attempt); err != nil {
			return digest, err
		}
	}
}

// again reports whether another try may succeed. What fails while the content is read
// does not come right.
func again(err error) bool {
	var local *ContentError
	if errors.As(err, &local) {
		return false
	}
	switch code := Status(err); code {
	case 0, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusRequestedRangeNotSatisfiable:
		return true
	default:
		return code >= 500
	}
}

// ContentError is an error of what is uploaded, not of the registry.
type ContentError struct{ Err error }

// Error is the error's text.
func (e *ContentError) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *ContentError) Unwrap() error { return e.Err }

// try uploads once, from where the registry is.
func (u *Uploader) try(ctx context.Context, c Content, location *string, started func(string)) (digest v1.Hash, offset int64, err error) {
	at := *location
	if at != "" {
		if at, offset, err = u.offset(ctx, at); err != nil || offset > c.Size() {
			// Registries forget uploads: after a time, or when they start again.
			at, offset = "", 0
		}
	}
	if at == "" {
		if at, err = u.start(ctx); err != nil {
			return digest, 0, err
		}
		*location = at
		started(at)
	}
	if offset < c.Size() {
		if at, err = u.send(ctx, at, c, offset); err != nil {
			return digest, offset, err
		}
	} else if err := readAll(c); err != nil {
		return digest, offset, err
	}
	if digest, err = c.Digest(); err != nil {
		return digest, offset, err
	}
	err = u.finish(ctx, at, digest)
	if err != nil {
		*location = "" // its contents are not what they should be
	}
	return digest, c.Size(), err
}

// readAll reads content to its end, which gives its digest.
func readAll(c Content) error {
	r, err := c.Open(c.Size())
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if err != nil {
		return &ContentError{err}
	}
	return nil
}

func (u *Uploader) start(ctx context.Context) (string, error) {
	resp, err := u.do(ctx, http.MethodPost, u.url("blobs/uploads/"), nil, nil, http.StatusAccepted)
	if err != nil {
		return "", err
	}
	return next(resp)
}

// offset asks how much of an upload the registry has, and where it goes on.
func (u *Uploader) offset(ctx context.Context, location string) (string, int64, error) {
	resp, err := u.do(ctx, http.MethodGet, location, nil, nil, http.StatusNoContent)
	if err != nil {
		return "", 0, err
	}
	_, last, ok := strings.Cut(strings.TrimPrefix(resp.Header.Get("Range"), "bytes="), "-")
	end, err := strconv.ParseInt(last, 10, 64)
	if !ok || err != nil || end < 0 {
		return "", 0, fmt.Errorf("the registry says of an upload that it has %q", resp.Header.Get("Range"))
	}
	at, err := next(resp)
	if end == 0 {
		return at, 0, err // "0-0" also stands for nothing
	}
	return at, end + 1, err
}

func (u *Uploader) send(ctx context.Context, location string, c Content, offset int64) (string, error) {
	body, err := c.Open(offset)
	if err != nil {
		return "", &ContentError{err}
	}
	defer body.Close()
	watched := &watched{Reader: body}
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if offset > 0 {
		header.Set("Content-Range", fmt.Sprintf("%d-%d", offset, c.Size()-1))
	}
	resp, err := u.do(ctx, http.MethodPatch, location, header, &sized{watched, c.Size() - offset}, http.StatusAccepted, http.StatusNoContent)
	if err := watched.failure(); err != nil {
		return "", &ContentError{err}
	}
	if err != nil {
		return "", err
	}
	return next(resp)
}

func (u *Uploader) finish(ctx context.Context, location string, digest v1.Hash) error {
	at, err := url.Parse(location)
	if err != nil {
		return err
	}
	q := at.Query()
	q.Set("digest", digest.String())
	at.RawQuery = q.Encode()
	_, err = u.do(ctx, http.MethodPut, at.String(), http.Header{"Content-Type": {"application/octet-stream"}}, nil, http.StatusCreated)
	return err
}

// watched remembers an error of what it reads. net/http may still read a request's body
// when the request has failed.
type watched struct {
	io.Reader
	mu  sync.Mutex
	err error
}

func (w *watched) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.mu.Lock()
		w.err = err
		w.mu.Unlock()
	}
	return n, err
}

// sized is a body of a known size.
type sized struct {
	io.Reader
	size int64
}

func (u *Uploader) do(ctx context.Context, method, to string, header http.Header, body *sized, want ...int) (*http.Response, error) {
	var r io.Reader
	if body != nil {
		r = body
	}
	req, err := http.NewRequestWithContext(ctx, method, to, r)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.ContentLength = body.size
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := u.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := transport.CheckError(resp, want...); err != nil {
		return nil, err
	}
	return resp, nil
}

func (u *Uploader) url(path string) string {
	return fmt.Sprintf("%s://%s/v2/%s/%s", u.repository.Scheme(), u.repository.RegistryStr(), u.repository.RepositoryStr(), path)
}

// next is where an upload goes on.
func next(resp *http.Response) (string, error) {
	at, err := resp.Location()
	if err != nil {
		return "", fmt.Errorf("the registry does not say where an upload goes on: %w", err)
	}
	return at.String(), nil
}

// pause waits before another try, longer each time.
func pause(ctx context.Context, attempt int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(attempt*attempt) * 200 * time.Millisecond):
		return nil
	}
}
