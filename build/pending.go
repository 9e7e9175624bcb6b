package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// PendingFile is a file that is replaced only when it is complete: until Commit
// it has another name in the same directory, so that its path never has a
// partial file and keeps the old one if anything fails.
type PendingFile struct {
	path string

	mu       sync.Mutex
	temp     *os.File
	finished bool
	failed   error
}

// CreateFile begins a file that Commit moves to path.
func CreateFile(path string) (*PendingFile, error) {
	p := &PendingFile{path: path}
	return p, p.create()
}

func (p *PendingFile) create() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.finished {
		return fmt.Errorf("write %s: %w", p.path, fs.ErrClosed)
	}
	if info, err := os.Stat(p.path); err == nil && info.IsDir() {
		return fmt.Errorf("write %s: it is a directory", p.path)
	}
	temp, err := os.CreateTemp(filepath.Dir(p.path), "."+filepath.Base(p.path)+".*.tmp")
	if err != nil {
		return p.fail(err)
	}
	p.temp = temp
	return nil
}

// Write adds to the file, whose path does not change before Commit.
func (p *PendingFile) Write(data []byte) (int, error) {
	n, err := p.temp.Write(data)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		return n, p.fail(err)
	}
	return n, nil
}

// Close satisfies io.WriteCloser; it does not commit the file.
func (p *PendingFile) Close() error { return nil }

// Commit moves the complete file to its path, or discards it if that fails.
func (p *PendingFile) Commit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.finished || p.temp == nil {
		return fmt.Errorf("write %s: nothing was written", p.path)
	}
	p.finished = true
	err := errors.Join(p.failed, p.temp.Chmod(0o644), p.temp.Sync(), p.temp.Close())
	if err == nil {
		err = os.Rename(p.temp.Name(), p.path)
	}
	if err != nil {
		_ = os.Remove(p.temp.Name())
		return p.fail(err)
	}
	return nil
}

// Discard removes the file unless it was committed.
func (p *PendingFile) Discard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.finished {
		return
	}
	p.finished = true
	if p.temp != nil {
		_ = p.temp.Close()
		_ = os.Remove(p.temp.Name())
	}
}

// failure returns why the file could not be written, or nil.
func (p *PendingFile) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// fail keeps the first error: if the builder's client writes the file, the
// caller gets only its text.
func (p *PendingFile) fail(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the path is that of the file in the making
	}
	err = fmt.Errorf("write %s: %w", p.path, err)
	if p.failed == nil {
		p.failed = err
	}
	return err
}

// WriteFile writes a file completely or not at all.
func WriteFile(path string, data []byte) error {
	p, err := CreateFile(path)
	if err != nil {
		return err
	}
	defer p.Discard()
	if _, err := p.Write(data); err != nil {
		return err
	}
	return p.Commit()
}

// pendingFiles are the files of the outputs.
type pendingFiles []*PendingFile

func (p pendingFiles) failure() error {
	for _, f := range p {
		if err := f.failure(); err != nil {
			return err
		}
	}
	return nil
}

func (p pendingFiles) commit() error {
	for _, f := range p {
		if err := f.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func (p pendingFiles) discard() {
	for _, f := range p {
		f.Discard()
	}
}
