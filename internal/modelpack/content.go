package modelpack

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"sync"

	"github.com/deployfile/deployfile/internal/registryclient"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// content reads a layer and hashes it, and the files in it, while it is read. It can go
// on reading near any of its bytes.
type content struct {
	*layer
	dir fs.FS
	// points are where reading can go on, in their order; the first is the start.
	points []point
	// remember is called with the latest points, moved with the number of bytes that
	// were read.
	remember func([]point)
	moved    func(int64)

	digest v1.Hash
}

var _ registryclient.Content = (*content)(nil)

// point is how far a layer was read: the states of its hash and of the hash of the file
// that it is in, and the hashes of the files before.
type point struct {
	Offset int64    `json:"offset"`
	Blob   []byte   `json:"blob"`
	File   []byte   `json:"file"`
	Sums   []string `json:"sums"`
}

const (
	// pointEvery is how many bytes are between points, and so the most that is read
	// a second time when an upload goes on.
	pointEvery = 64 << 20
	// keptPoints is how many are kept: what a registry has is a little less than what
	// was read.
	keptPoints = 3
)

// Size implements registryclient.Content.
func (c *content) Size() int64 { return c.size }

// Digest implements registryclient.Content.
func (c *content) Digest() (v1.Hash, error) {
	if c.digest == (v1.Hash{}) {
		return v1.Hash{}, errors.New("the layer was not read to its end")
	}
	return c.digest, nil
}

// Open implements registryclient.Content.
func (c *content) Open(offset int64) (io.ReadCloser, error) {
	var from point
	for _, p := range c.points {
		if p.Offset <= offset {
			from = p
		}
	}
	r := &reading{content: c, blob: sha256.New(), inFile: sha256.New(), at: from.Offset, last: from.Offset}
	r.sums = append(r.sums, from.Sums...)
	if from.Offset > 0 {
		if err := errors.Join(restore(r.blob, from.Blob), restore(r.inFile, from.File)); err != nil {
			return nil, err
		}
	}
	if err := r.seek(); err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, r, offset-from.Offset); err != nil && !errors.Is(err, io.EOF) {
		r.Close()
		return nil, err
	}
	return r, nil
}

func restore(h hash.Hash, state []byte) error {
	return h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
}

// reading is one pass over a layer.
type reading struct {
	*content
	blob, inFile hash.Hash
	sums         []string
	at, last     int64 // offsets of here and of the last point
	part         int
	left         int64 // of the part
	file         fs.File
	done         bool
	// net/http may still read a request's body when the request has failed.
	mu     sync.Mutex
	closed bool
}

// seek goes to the part that the offset is in.
func (r *reading) seek() error {
	skip := r.at
	for r.part = 0; r.part < len(r.parts) && skip >= r.parts[r.part].size(); r.part++ {
		skip -= r.parts[r.part].size()
	}
	return r.enter(skip)
}

// enter begins a part, after some of its bytes.
func (r *reading) enter(skip int64) error {
	if r.part == len(r.parts) {
		return nil
	}
	p := r.parts[r.part]
	r.left = p.size() - skip
	if p.file == nil {
		return nil
	}
	file, err := r.dir.Open(p.file.Path)
	if err != nil {
		return err
	}
	r.file = file
	if skip == 0 {
		r.inFile.Reset()
	} else if _, err := file.(io.Seeker).Seek(skip, io.SeekStart); err != nil {
		return err
	}
	return r.same()
}

// same reports a file that has changed since the directory was scanned: a layer of
// which one half is old is no model.
func (r *reading) same() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if f := r.parts[r.part].file; identity(info) != f.identity {
		return &FileError{f.Path, "changed while it was pushed; push again"}
	}
	return nil
}

// Read reads, and hashes what it read.
func (r *reading) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, fs.ErrClosed
	}
	for r.part < len(r.parts) && r.left == 0 {
		if err := r.leave(); err != nil {
			return 0, err
		}
	}
	if r.part == len(r.parts) {
		r.finish()
		return 0, io.EOF
	}
	n, err := r.read(p[:min(int64(len(p)), r.left, pointEvery)])
	r.blob.Write(p[:n])
	r.at += int64(n)
	r.left -= int64(n)
	if r.moved != nil {
		r.moved(int64(n))
	}
	if r.at-r.last >= pointEvery && r.left > 0 {
		r.save()
	}
	return n, err
}

func (r *reading) read(p []byte) (int, error) {
	now := r.parts[r.part]
	if now.file == nil {
		return copy(p, now.data[int64(len(now.data))-r.left:]), nil
	}
	n, err := r.file.Read(p)
	r.inFile.Write(p[:n])
	if errors.Is(err, io.EOF) {
		err = nil
		if int64(n) < r.left && n == 0 {
			err = &FileError{now.file.Path, "became shorter while it was pushed; push again"}
		}
	}
	return n, err
}

// leave ends a part.
func (r *reading) leave() error {
	if f := r.parts[r.part].file; f != nil {
		r.sums = append(r.sums, hex.EncodeToString(r.inFile.Sum(nil)))
		err := r.same()
		r.file.Close()
		r.file = nil
		if err != nil {
			return err
		}
	}
	r.part++
	return r.enter(0)
}

// finish keeps what was found out, at the end.
func (r *reading) finish() {
	if r.done {
		return
	}
	r.done = true
	r.content.digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(r.blob.Sum(nil))}
	r.content.setSums(r.sums)
}

// setSums gives the large files their hashes.
func (c *content) setSums(sums []string) {
	n := 0
	for _, p := range c.parts {
		if p.file == nil {
			continue
		}
		for i := range c.files {
			if c.files[i].Path == p.file.Path {
				c.files[i].SHA256 = sums[n]
			}
		}
		n++
	}
}

// save adds a point.
func (r *reading) save() {
	blob, err := r.blob.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return
	}
	file, err := r.inFile.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return
	}
	r.last = r.at
	r.points = append(r.points, point{r.at, blob, file, append([]string{}, r.sums...)})
	if extra := len(r.points) - keptPoints; extra > 0 {
		r.content.points = r.points[extra:]
	}
	if r.remember != nil {
		r.remember(r.points)
	}
}

// Close implements io.Closer.
func (r *reading) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
