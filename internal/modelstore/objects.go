package modelstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
	"golang.org/x/sync/errgroup"
)

// bucket is a bucket of an object store, asked through the vendor's own library, with
// the user's usual credentials. Its errors say what to do.
type bucket interface {
	// page lists some of the objects whose keys begin with a prefix, and says where
	// the next page begins, "" if there is none.
	page(ctx context.Context, prefix, next string) ([]object, string, error)
	// stat returns what the store says of a key: of its version now if the revision
	// is "".
	stat(ctx context.Context, key, revision string) (object, error)
	// open returns an object's bytes from an offset on. Those are of the revision, if
	// that is not "", else of what has the etag, if that is not "".
	open(ctx context.Context, o object, offset int64) (io.ReadCloser, error)
	// sign returns an address that serves an object for a while to whoever has it and
	// the headers, "" if only this machine reaches the store or nothing can be signed.
	sign(ctx context.Context, key, revision string, valid time.Duration) (string, error)
	// headers go to signed addresses; nil if the signature is enough.
	headers(ctx context.Context) (map[string]string, error)
	// authorities are what the address's certificate may need besides the system's
	// authorities, in PEM.
	authorities() []byte
}

// object is an object of a bucket.
type object struct {
	key  string
	size int64
	// etag changes with the contents; revision is a name by which the store serves
	// these contents as long as it keeps them, "" if it has none.
	etag, revision string
}

// errNoObject is what a bucket's errors about a key that is not there wrap.
var errNoObject = errors.New("there is no such object")

// errShorter is what they wrap if a part was asked for that is not there.
var errShorter = errors.New("it has fewer bytes than it had; if it was changed on purpose, run: deployfile lock --upgrade-model")

// once returns a function that does something once, such as to look for the user's
// credential, and says each time what was wrong. It does nothing in a context that has ended.
func once(look func(context.Context) error) func(context.Context) error {
	var mu sync.Mutex
	var done bool
	var wrong error
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if !done && ctx.Err() == nil {
			done, wrong = true, look(ctx)
		}
		return wrong
	}
}

// objects is a directory of a bucket.
type objects struct {
	bucket bucket
	name   modelsource.ObjectsName
}

var _ Store = (*objects)(nil)

// resolveObjects lists a source's files.
func resolveObjects(ctx context.Context, source string, o Options) (*Model, error) {
	name, err := modelsource.ParseObjects(source)
	if err != nil {
		return nil, err
	}
	s, err := openObjects(ctx, source, o)
	if err != nil {
		return nil, err
	}
	location := name.String()
	return &Model{Pin: modelsource.Pin{Source: source, Resolved: location, Location: location}, Store: s}, nil
}

// reopenObjects returns the store of a pin.
func reopenObjects(pin modelsource.Pin, o Options) (Store, error) {
	return openObjects(context.Background(), pin.Source, o)
}

// openObjects returns the store of a location. It asks nobody.
func openObjects(ctx context.Context, location string, o Options) (Store, error) {
	name, err := modelsource.ParseObjects(location)
	if err != nil {
		return nil, err
	}
	var b bucket
	switch {
	case name.Account != "":
		b, err = openAzure(name, o)
	case name.Scheme == "gs":
		b, err = openGCS(name.Bucket, o)
	default:
		b, err = openS3(ctx, name.Bucket, o)
	}
	if err != nil {
		return nil, err
	}
	return &objects{bucket: b, name: name}, nil
}

// List implements Store.
func (o *objects) List(ctx context.Context) ([]File, error) {
	var all []object
	next, pages := "", 0
	for {
		page, following, err := o.bucket.page(ctx, o.name.Prefix, next)
		if err != nil {
			return nil, err
		}
		for _, at := range page {
			if !strings.HasPrefix(at.key, o.name.Prefix) {
				return nil, fmt.Errorf("%s: the store lists %q, which is elsewhere", o.name, at.key)
			}
			// What some tools make for a directory.
			if at.size == 0 && strings.HasSuffix(at.key, "/") || at.key == o.name.Prefix {
				continue
			}
			if name := strings.TrimPrefix(at.key, o.name.Prefix); name != path.Clean(name) {
				return nil, fmt.Errorf("%s: the store lists %q, which cannot be the name of a file", o.name, at.key)
			}
			all = append(all, at)
		}
		if pages++; len(all) > maxFiles || pages == maxPages && following != "" {
			return nil, fmt.Errorf("%s: more than %d objects on %d pages are there; name the directory of one model", o.name, maxFiles, maxPages)
		}
		if next = following; next == "" {
			break
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there are no objects: the bucket has no directory of that name", o.name)
	}
	if err := o.revise(ctx, all); err != nil {
		return nil, err
	}
	var files []File
	for _, at := range all {
		f := File{Path: strings.TrimPrefix(at.key, o.name.Prefix), Size: at.size, Version: at.etag, Revision: at.revision}
		if at.revision != "" {
			f.Version = at.revision
		}
		files = append(files, f)
	}
	return listed(files)
}

// revise asks for the revisions of objects, if the list does not say them. A bucket has
// them for all of its objects or for none.
func (o *objects) revise(ctx context.Context, all []object) error {
	if all[0].revision != "" {
		return nil
	}
	first, err := o.bucket.stat(ctx, all[0].key, "")
	if err != nil || first.revision == "" {
		return err
	}
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(parallel)
	for n := range all {
		eg.Go(func() error {
			now, err := o.bucket.stat(ctx, all[n].key, "")
			all[n] = now
			return err
		})
	}
	return eg.Wait()
}

// Open implements Store.
func (o *objects) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	at := object{key: o.name.Prefix + f.Path, size: f.Size, revision: f.Revision}
	if f.Revision == "" {
		at.etag = f.Version
	}
	body, err := o.bucket.open(ctx, at, offset)
	if at.revision != "" && errors.Is(err, errNoObject) {
		// The store no longer keeps it. What it has now may have the same contents.
		at.revision = ""
		body, err = o.bucket.open(ctx, at, offset)
	}
	if err != nil {
		return nil, 0, err
	}
	return untrusted.Patient(body, silence), offset, nil
}

// Revisions returns the revision of each file that has one, nil if none has.
func Revisions(files []File) map[string]string {
	var out map[string]string
	for _, f := range files {
		if f.Revision != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[f.Path] = f.Revision
		}
	}
	return out
}

type streamed struct{}

// streams marks requests whose answers are the bytes of an object.
func streams(ctx context.Context) context.Context { return context.WithValue(ctx, streamed{}, true) }

// limitAnswers returns a transport for a vendor's library, which decodes what it gets.
func limitAnswers(base http.RoundTripper) http.RoundTripper {
	return untrusted.Answers{Base: base, Limit: func(req *http.Request) *untrusted.AnswerLimit {
		if req.Context().Value(streamed{}) != nil {
			return nil
		}
		return &untrusted.AnswerLimit{Bytes: maxAnswer}
	}}
}
