package modelstore

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/deployfile/deployfile/modelsource"
	"golang.org/x/sync/errgroup"
)

const (
	// signedFor is how long the builder may fetch files at signed addresses. Those
	// that are made with credentials of a session end with it.
	signedFor = 12 * time.Hour
	// maxSigned is how many files a builder fetches at signed addresses: the secret
	// of its steps has all of them.
	maxSigned = 2000
	// answersIn is how long the store may take to answer a client whose builder
	// reaches it, before the client goes on without.
	answersIn = 10 * time.Second
)

// Access implements Store.
func (o *objects) Access(ctx context.Context, files []File) (*modelsource.Access, error) {
	if len(files) == 0 || len(files) > maxSigned {
		return nil, nil
	}
	first := files[0]
	if signed, err := o.bucket.sign(ctx, o.name.Prefix+first.Path, "", signedFor); err != nil || signed == "" {
		return nil, err
	}
	// Where the bucket is, and whether the credential is good, which a step could say
	// less well. Perhaps only the builder reaches the store.
	reached, err := o.reached(ctx, first)
	if err != nil {
		return nil, err
	}
	urls := make([]string, len(files))
	eg, egctx := errgroup.WithContext(ctx)
	eg.SetLimit(parallel)
	for n, f := range files {
		eg.Go(func() (err error) {
			revision := f.Revision
			if revision != "" && reached {
				revision, err = o.revision(egctx, f)
			}
			if err == nil {
				urls[n], err = o.bucket.sign(egctx, o.name.Prefix+f.Path, revision, signedFor)
			}
			return err
		})
	}
	if err = eg.Wait(); err != nil {
		return nil, err
	}
	access := &modelsource.Access{URLs: map[string]string{}, CA: string(o.bucket.authorities())}
	if access.Headers, err = o.bucket.headers(ctx); err != nil {
		return nil, err
	}
	if access.Headers != nil {
		access.URL = urls[0] // they go to its host
	}
	for n, f := range files {
		access.URLs[f.Path] = urls[n]
	}
	return access, nil
}

// reached reports whether this machine reaches the store, by asking for a file.
func (o *objects) reached(ctx context.Context, f File) (bool, error) {
	short, cancel := context.WithTimeout(ctx, answersIn)
	defer cancel()
	_, err := o.revision(short, f)
	if ctx.Err() == nil && unreached(err) {
		return false, nil
	}
	return true, err
}

// unreached reports whether an error says that no server has answered.
func unreached(err error) bool {
	var name *net.DNSError
	var dial *net.OpError
	return errors.As(err, &name) || errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, context.DeadlineExceeded)
}

// revision asks for a file, and returns its revision if the store still keeps that, else
// "": what the store has now may have the same contents.
func (o *objects) revision(ctx context.Context, f File) (string, error) {
	_, err := o.bucket.stat(ctx, o.name.Prefix+f.Path, f.Revision)
	if f.Revision != "" && errors.Is(err, errNoObject) {
		return "", nil
	}
	return f.Revision, err
}
