package modelpack

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"sync"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// PushOptions are the options of Push.
type PushOptions struct {
	// Dir is the model's directory, Name its absolute path.
	Dir  fs.FS
	Name string
	// Model is what the directory says; what it leaves out is not pushed, nor is
	// LeftOut.
	Model   *mlmodel.Model
	LeftOut []string
	// Raw makes each large file a blob as it is, which no image can mount.
	Raw bool
	// Journals is a directory that remembers uploads, "" for none.
	Journals string
	// Progress, unless nil, is called with the bytes that are done and all bytes.
	Progress func(done, total int64)
}

// Pushed is what Push did.
type Pushed struct {
	// Digest is the manifest's.
	Digest v1.Hash
	// Size is the size of all layers, Sent what of it was sent.
	Size, Sent int64
	// Files is the number of files.
	Files int
}

// uploads is how many layers are uploaded side by side.
const uploads = 3

// Push packs a model and pushes it. The same model gives the same manifest. What the
// repository has is not sent again, if its digest is known without reading the file
// twice.
func Push(ctx context.Context, to name.Reference, o PushOptions) (*Pushed, error) {
	t, err := scan(o.Dir, append(append([]string{}, o.LeftOut...), o.Model.LeftOut...))
	if err != nil {
		return nil, err
	}
	layers, err := layersOf(t, o.Raw)
	if err != nil {
		return nil, err
	}
	up, err := registryclient.NewUploader(ctx, to.Context())
	if err != nil {
		return nil, err
	}
	p := &push{PushOptions: o, to: to, uploader: up, pushed: Pushed{Files: len(t.files)}}
	p.before = previous(ctx, to)
	for _, l := range layers {
		p.pushed.Size += l.size
	}
	pruneJournals(o.Journals)
	p.advance(0)
	descriptors := make([]ocispecs.Descriptor, len(layers))
	eg, egctx := errgroup.WithContext(ctx)
	eg.SetLimit(uploads)
	for n, l := range layers {
		eg.Go(func() (err error) {
			descriptors[n], err = p.layer(egctx, l)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	p.pushed.Digest, err = p.manifests(ctx, layers, descriptors)
	return &p.pushed, err
}

// push is a push under way.
type push struct {
	PushOptions
	to       name.Reference
	uploader *registryclient.Uploader
	// before has the digests of layers of the artifact that the reference names now.
	before map[string]v1.Hash

	mu     sync.Mutex
	done   int64
	pushed Pushed
}

// previous returns the digests of the layers that a reference has now, by what is known
// of a layer before it is read.
func previous(ctx context.Context, ref name.Reference) map[string]v1.Hash {
	out := map[string]v1.Hash{}
	a, err := Open(ctx, ref)
	if err != nil {
		return out // it may not be there, or be something else
	}
	for _, l := range a.Layers {
		if h, err := v1.NewHash(l.Digest.String()); err == nil {
			out[likely(l.MediaType, l.Annotations[pathKey], l.Size)] = h
		}
	}
	return out
}

func likely(mediaType, path string, size int64) string {
	b, _ := json.Marshal([]any{mediaType, path, size})
	return string(b)
}

func (p *push) advance(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if p.Progress != nil {
		p.Progress(p.done, p.pushed.Size)
	}
}

// layer makes sure that the repository has a layer.
func (p *push) layer(ctx context.Context, l *layer) (ocispecs.Descriptor, error) {
	j := openJournal(p.Journals, p.to.Context().Name(), p.Name, l)
	if j.state.Digest != (v1.Hash{}) {
		there, err := p.uploader.Has(ctx, j.state.Digest)
		if err != nil {
			return ocispecs.Descriptor{}, err
		}
		if there {
			copy(l.files, j.state.Files)
			p.advance(l.size)
			return descriptorOf(l, j.state.Digest), nil
		}
		j.state = state{}
	}
	if d, there, err := p.unchanged(ctx, l); there || err != nil {
		return d, err
	}
	var counted int64 // what is read a second time does not count twice
	c := &content{layer: l, dir: p.Dir, points: j.state.Points, remember: func(points []point) {
		j.state.Points = points
		j.write()
	}}
	var at int64
	c.moved = func(n int64) {
		if at += n; at > counted {
			p.advance(at - counted)
			counted = at
		}
	}
	resumable := &resumed{content: c, at: &at}
	digest, err := p.uploader.Upload(ctx, resumable, j.state.Location, func(location string) {
		j.state = state{Location: location}
		c.points = nil
		j.write()
	})
	if err != nil {
		return ocispecs.Descriptor{}, err
	}
	p.mu.Lock()
	p.pushed.Sent += l.size - resumable.first
	p.mu.Unlock()
	p.advance(l.size - counted)
	j.state = state{Digest: digest, Files: l.files}
	j.write()
	return descriptorOf(l, digest), nil
}

// resumed knows from where a layer is read.
type resumed struct {
	*content
	at     *int64
	first  int64
	opened bool
}

// Open implements registryclient.Content.
func (r *resumed) Open(offset int64) (io.ReadCloser, error) {
	if !r.opened {
		r.opened, r.first = true, offset
	}
	*r.at = 0
	for _, p := range r.points {
		if p.Offset <= offset {
			*r.at = p.Offset
		}
	}
	return r.content.Open(offset)
}

// unchanged reads a layer that the reference probably has already, to see whether it
// has. If not, the layer is read a second time.
func (p *push) unchanged(ctx context.Context, l *layer) (ocispecs.Descriptor, bool, error) {
	want, ok := p.before[likely(l.mediaType, l.path, l.size)]
	if !ok {
		return ocispecs.Descriptor{}, false, nil
	}
	c := &content{layer: l, dir: p.Dir}
	r, err := c.Open(0)
	if err != nil {
		return ocispecs.Descriptor{}, false, err
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, untrusted.WithContext(ctx, r)); err != nil {
		return ocispecs.Descriptor{}, false, err
	}
	if c.digest != want {
		return ocispecs.Descriptor{}, false, nil
	}
	p.advance(l.size)
	return descriptorOf(l, c.digest), true, nil
}

// descriptorOf describes a layer that was read.
func descriptorOf(l *layer, d v1.Hash) ocispecs.Descriptor {
	out := ocispecs.Descriptor{MediaType: l.mediaType, Digest: digest.Digest(d.String()), Size: l.size}
	if len(l.files) == 0 {
		return out
	}
	out.Annotations = map[string]string{FilesKey: marshal(l.files)}
	if l.path != "" {
		f := l.files[0]
		mode := uint32(0o644)
		if f.Executable {
			mode = 0o755
		}
		out.Annotations[pathKey] = l.path
		out.Annotations[detailsKey] = marshal(details{Name: f.Path, Mode: mode, Size: f.Size, ModTime: epoch(), TypeFlag: '0'})
	}
	return out
}
