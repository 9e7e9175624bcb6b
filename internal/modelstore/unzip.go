package modelstore

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
)

// maxDirectory limits what is read of a zip archive before its first file, in bytes: its
// directory, which is in memory as a whole. It has room for 100 000 files.
const maxDirectory = 32 << 20

// directoryReader reads an archive while that is opened, and no more than left bytes.
type directoryReader struct {
	io.ReaderAt
	left int64
}

var errDirectory = fmt.Errorf("its directory is larger than %d MiB", maxDirectory>>20)

// ReadAt implements io.ReaderAt.
func (d *directoryReader) ReadAt(p []byte, at int64) (int, error) {
	if d.left -= int64(len(p)); d.left < 0 {
		return 0, errDirectory
	}
	return d.ReaderAt.ReadAt(p, at)
}

func (u *unpacker) zip(f *os.File, size int64) error {
	r := &directoryReader{f, maxDirectory}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fmt.Errorf("the archive cannot be read: %w", err)
	}
	r.left = math.MaxInt64
	for _, e := range z.File {
		switch {
		case e.Mode().IsDir():
			_, err = entryName(strings.TrimSuffix(e.Name, "/"))
		case e.Mode().Type() == fs.ModeSymlink:
			err = &entryError{Name: e.Name, Why: "is a link; name the file itself in the archive"}
		case !e.Mode().IsRegular():
			err = &entryError{Name: e.Name, Why: "is neither a file nor a directory"}
		case e.Flags&1 != 0:
			err = &entryError{Name: e.Name, Why: "is encrypted"}
		default:
			var r io.ReadCloser
			if r, err = e.Open(); err == nil {
				err = u.add(e.Name, int64(min(e.UncompressedSize64, 1<<62)), u.bound(r))
				r.Close()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
