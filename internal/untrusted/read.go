package untrusted

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadFile reads a regular file of a file system, of at most limit bytes.
// Errors are *TooLargeError and *NotRegularError, *OutsideError for a
// Directory, and those of the file system.
func ReadFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, name, limit)
}

// ReadNamed reads a file that the user named, for example on the command line.
// It may be anywhere and may be a link, but must be a regular file of at most
// limit bytes. Errors are *TooLargeError and *NotRegularError, and those of the
// file system.
func ReadNamed(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &NotRegularError{Name: name, Mode: info.Mode()}
	}
	f, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, name, limit)
}

func read(f fs.File, name string, limit int64) ([]byte, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &NotRegularError{Name: name, Mode: info.Mode()}
	case info.Size() > limit:
		return nil, &TooLargeError{Name: name, Limit: limit}
	}
	// One more byte detects the end of the file without another read, or that the
	// file has grown.
	data := make([]byte, info.Size()+1)
	n, err := io.ReadFull(f, data)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return data[:n], nil
	case err != nil:
		return nil, err
	}
	rest, err := ReadAll(f, name, limit-int64(n))
	var large *TooLargeError
	if errors.As(err, &large) {
		large.Limit = limit
	}
	if err != nil {
		return nil, err
	}
	return append(data, rest...), nil
}

// ReadAll reads a stream of at most limit bytes to its end; name is its name in
// the error, a *TooLargeError. It reads no more than limit+1 bytes.
func ReadAll(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, &TooLargeError{Name: name, Limit: limit}
	}
	return data, nil
}
