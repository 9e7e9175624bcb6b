package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
	"golang.org/x/sync/errgroup"
)

// parallel is how many files are downloaded at a time.
const parallel = 8

// maxFile limits a file whose size the store does not say, in bytes.
const maxFile = 1 << 40

// Download puts files into a cache, and returns them with their hashes. The name means
// the store and the model in it. A file whose hash is known, and in the cache, is not
// asked for.
func Download(ctx context.Context, cache *modelcache.Cache, s Store, name string, files []File) ([]modelsource.File, error) {
	out := make([]modelsource.File, len(files))
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(parallel)
	for n, f := range files {
		eg.Go(func() (err error) {
			out[n], err = download(ctx, cache, s, name, f)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	return out, checkCopies(out)
}

// checkCopies refuses files of which nearly all are the same: the cache has them once, and
// each builder that they are sent to as often as the store lists them.
func checkCopies(files []modelsource.File) error {
	different := map[string]int64{}
	total := int64(0)
	for _, f := range files {
		different[f.SHA256] = f.Size
	}
	for _, size := range different {
		total += size
	}
	all := untrusted.NewUnpacked(total, fmt.Errorf("the model's files have more than %d times the size of those that differ", untrusted.MaxRatio))
	for _, f := range files {
		if err := all.Count(f.Size); err != nil {
			return err
		}
	}
	return nil
}

func download(ctx context.Context, cache *modelcache.Cache, s Store, name string, f File) (modelsource.File, error) {
	done := modelsource.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256}
	if f.SHA256 != "" && cache.Has(f.SHA256, f.Size) {
		return done, nil
	}
	key := "sha256:" + f.SHA256
	if f.SHA256 == "" {
		key = fmt.Sprintf("%s\x00%s\x00%d\x00%s", name, f.Path, f.Size, f.Version)
	}
	p, err := cache.Begin(ctx, key)
	if err != nil {
		return done, err
	}
	defer p.Close()
	if f.SHA256 != "" && cache.Has(f.SHA256, f.Size) {
		return done, nil // by another process, meanwhile
	}
	// Without a hash or a version, what an earlier process has left may be of other
	// contents.
	resumes := f.SHA256 != "" || f.Version != ""
	if !resumes {
		err = p.Restart()
	}
	if err == nil {
		err = receive(ctx, p, s, f, resumes)
	}
	if err == nil && f.SHA256 != "" && p.Sum() != f.SHA256 {
		// A file may have changed between two parts.
		if err = p.Restart(); err == nil {
			err = receive(ctx, p, s, f, false)
		}
		if sum := p.Sum(); err == nil && sum != f.SHA256 {
			err = &changedError{Path: f.Path, Was: f.SHA256, Now: sum}
			_ = p.Restart()
		}
	}
	if err != nil {
		return done, fmt.Errorf("model file %q: %w", f.Path, err)
	}
	done.Size, done.SHA256 = p.Offset, p.Sum()
	return done, p.Commit()
}

// changedError reports a file of a store that is another one than the lock says.
type changedError struct {
	// Path is the file's, Was its hash in the lock, Now the one that it has.
	Path, Was, Now string
}

// Error names the hashes and what to do.
func (e *changedError) Error() string {
	return fmt.Sprintf("its sha256 is %s, and the lock says %s; if it was changed on purpose, run: deployfile lock --upgrade-model", e.Now, e.Was)
}

// leastPart is how many bytes a broken connection brings if it gets the download on. A
// server that sends one at a time would never come to an end.
const leastPart = 64 << 10

// receive gets the bytes of a file that are missing. A connection that breaks is resumed
// where it broke if resumes, else from the beginning.
func receive(ctx context.Context, p *modelcache.Partial, s Store, f File, resumes bool) error {
	for attempt := 1; ; attempt++ {
		if f.Size >= 0 && p.Offset > f.Size || !resumes {
			if err := p.Restart(); err != nil {
				return err
			}
		}
		if f.Size >= 0 && p.Offset == f.Size && f.Size > 0 {
			return nil
		}
		before := p.Offset
		err := receiveOnce(ctx, p, s, f)
		var broken *brokenError
		if err == nil || !errors.As(err, &broken) || ctx.Err() != nil {
			return err
		}
		if resumes && p.Offset >= before+leastPart {
			attempt = 1
		}
		if attempt == attempts {
			return broken.err
		}
		if err := pause(ctx, attempt, 0); err != nil {
			return err
		}
	}
}

// brokenError is an error that another try may not meet.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

func receiveOnce(ctx context.Context, p *modelcache.Partial, s Store, f File) error {
	before := p.Offset
	body, from, err := s.Open(ctx, f, before)
	if err != nil {
		if before > 0 && status(err) == http.StatusRequestedRangeNotSatisfiable {
			return errors.Join(&brokenError{err}, p.Restart())
		}
		if status(err) == 0 && refusedConnection(err) {
			return &brokenError{err}
		}
		return err
	}
	defer body.Close()
	if from != p.Offset {
		if err := p.Restart(); err != nil {
			return err
		}
	}
	limit := int64(maxFile)
	if f.Size >= 0 {
		limit = f.Size
	}
	_, err = io.Copy(onlyWriter{p}, io.LimitReader(body, limit-p.Offset+1))
	var full *writeError
	switch {
	case errors.As(err, &full):
		return full.err
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &brokenError{fmt.Errorf("the connection broke after %d bytes: %w", p.Offset, err)}
	case p.Offset > limit:
		_ = p.Restart()
		return fmt.Errorf("the store sends more than the %d bytes that the file has", limit)
	case f.Size >= 0 && p.Offset < f.Size:
		return &brokenError{fmt.Errorf("the store sent %d of %d bytes; if the model was changed on purpose, run: deployfile lock --upgrade-model", p.Offset, f.Size)}
	}
	return nil
}

// onlyWriter tells errors of a disk from those of a connection.
type onlyWriter struct{ io.Writer }

type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }

func (w onlyWriter) Write(data []byte) (int, error) {
	n, err := w.Writer.Write(data)
	if err != nil {
		err = &writeError{err}
	}
	return n, err
}
