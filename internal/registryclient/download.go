package registryclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Downloader downloads blobs, and goes on where a download broke off.
type Downloader struct{ Uploader }

// NewDownloader logs in to a repository, to pull from it.
func NewDownloader(ctx context.Context, from name.Repository) (*Downloader, error) {
	t, err := login(ctx, from, from.Scope(transport.PullScope))
	if err != nil {
		return nil, err
	}
	return &Downloader{Uploader{from, &http.Client{Transport: t}}}, nil
}

// Blob opens a blob of a size. Whoever reads it compares its digest.
func (d *Downloader) Blob(ctx context.Context, digest v1.Hash, size int64) (io.ReadCloser, error) {
	b := &blob{ctx: ctx, d: d, digest: digest, size: size}
	return b, b.open()
}

// blob is a download.
type blob struct {
	ctx      context.Context
	d        *Downloader
	digest   v1.Hash
	size, at int64
	attempt  int
	body     io.ReadCloser
}

// open asks for what is left.
// silence is how long a registry may send nothing of a blob.
const silence = 2 * time.Minute

func (b *blob) open() error {
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.d.url("blobs/"+b.digest.String()), nil)
	if err != nil {
		return err
	}
	want := http.StatusOK
	if b.at > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", b.at))
		want = http.StatusPartialContent
	}
	resp, err := b.d.client.Do(req)
	if err != nil {
		return err
	}
	if err := transport.CheckError(resp, want, http.StatusOK); err != nil {
		resp.Body.Close()
		return err
	}
	if resp.StatusCode == http.StatusOK && b.at > 0 {
		// The registry knows no ranges.
		if _, err := io.CopyN(io.Discard, resp.Body, b.at); err != nil {
			resp.Body.Close()
			return err
		}
	}
	b.body = untrusted.Patient(resp.Body, silence)
	return nil
}

// Read reads no more than the blob's size.
func (b *blob) Read(p []byte) (int, error) {
	if b.at == b.size {
		return 0, io.EOF
	}
	for {
		n, err := 0, error(nil)
		if b.body != nil {
			n, err = b.body.Read(p[:min(int64(len(p)), b.size-b.at)])
		} else {
			err = io.ErrUnexpectedEOF
		}
		b.at += int64(n)
		if n > 0 {
			b.attempt = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		if err := b.again(err); err != nil {
			return 0, err
		}
	}
}

// again opens the blob again, after an error.
func (b *blob) again(cause error) error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	for {
		_ = b.Close()
		if b.attempt++; b.attempt >= uploadAttempts || b.ctx.Err() != nil || !again(cause) || Status(cause) == http.StatusRequestedRangeNotSatisfiable {
			return cause
		}
		if err := pause(b.ctx, b.attempt); err != nil {
			return err
		}
		if cause = b.open(); cause == nil {
			return nil
		}
	}
}

// Close implements io.Closer.
func (b *blob) Close() error {
	if b.body == nil {
		return nil
	}
	err := b.body.Close()
	b.body = nil
	return err
}
