package folder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/deployfile/deployfile/publish"
)

// store is the publish.Store of an endpoint. Revision N is the directory rN, which
// has its documents and a record.
type store struct{ dir string }

// record is the file record.json.
type record struct {
	Revision json.RawMessage // as every store keeps it
	Phase    publish.Phase
	Attempt  string
	Deadline time.Time
}

func (s store) path(number int, file ...string) string {
	return filepath.Join(append([]string{s.dir, fmt.Sprintf("r%d", number)}, file...)...)
}

// Lease implements publish.Store.
func (s store) Lease() time.Duration { return time.Minute }

// List implements publish.Store.
func (s store) List(context.Context) (out []publish.Record, err error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "r*", "record.json"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		revision, _, err := publish.DecodeRevision(r.Revision)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, publish.Record{Revision: revision, Phase: r.Phase, Attempt: r.Attempt, Deadline: r.Deadline})
	}
	return out, err
}

// write writes a record into a new directory.
func (s store) write(r publish.Record) (dir string, err error) {
	revision, err := publish.EncodeRevision(r.Revision)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(record{revision, r.Phase, r.Attempt, r.Deadline})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return "", err
	}
	if dir, err = os.MkdirTemp(s.dir, "new-"); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "record.json"), data, 0o644)
}

// Create implements publish.Store. Of two directories, one gets the name.
func (s store) Create(_ context.Context, r publish.Record) error {
	dir, err := s.write(r)
	defer os.RemoveAll(dir)
	for _, d := range r.Documents {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, d.Name), d.Body, 0o644))
	}
	if err != nil {
		return err
	}
	if err = os.Rename(dir, s.path(r.Number)); errors.Is(err, fs.ErrExist) {
		err = fmt.Errorf("%w: %w", publish.ErrExists, err)
	}
	return err
}

// has reports whether a record is still there.
func (s store) has(ctx context.Context, r publish.Record) (bool, error) {
	all, err := s.List(ctx)
	for _, o := range all {
		if o.Number == r.Number && o.Attempt == r.Attempt {
			return true, nil
		}
	}
	return false, err
}

// Update implements publish.Store.
func (s store) Update(ctx context.Context, r publish.Record) error {
	if has, err := s.has(ctx, r); !has {
		return errors.Join(err, publish.ErrGone)
	}
	dir, err := s.write(r)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, "record.json"), s.path(r.Number, "record.json"))
}

// Delete implements publish.Store.
func (s store) Delete(ctx context.Context, r publish.Record) error {
	if has, err := s.has(ctx, r); !has {
		return err
	}
	return os.RemoveAll(s.path(r.Number))
}
