package image

import (
	"errors"
	"os"
	"syscall"
)

// Opening a FIFO would wait for a writer.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

var errNoFile = errors.New("not a regular file")

// regular returns an opened file, unless it is a device or the like, which
// would never end.
func regular(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
