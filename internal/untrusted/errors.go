package untrusted

import (
	"errors"
	"fmt"
	"io/fs"
)

// TooLargeError says that a file has more bytes than its reader takes.
type TooLargeError struct {
	// Name is the file's, as it was asked for.
	Name string
	// Limit is the largest size that is read, in bytes.
	Limit int64
}

// Error names the file, the limit and what to do.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is larger than %s, and no more is read of such a file; put a smaller one there", e.Name, size(e.Limit))
}

// NotRegularError says that what has a file's name is none: a named pipe, a device
// or a socket, which could keep its reader for ever.
type NotRegularError struct {
	// Name is the file's, as it was asked for.
	Name string
	// Mode is what there is.
	Mode fs.FileMode
}

// Error names the file, what it is and what to do.
func (e *NotRegularError) Error() string {
	return fmt.Sprintf("%s is %s and not a file; put the file itself there", e.Name, kind(e.Mode))
}

// OutsideError says that a symbolic link leads out of the folder that it is in.
type OutsideError struct {
	// Name is what was to be read, relative to the folder.
	Name string
}

// Error names the link and what to do.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("%s is a symbolic link, or below one, that leads out of the folder that is read; put the file itself there", e.Name)
}

// AnswerError says that a server answers with more than its reader takes.
type AnswerError struct {
	// Limit is how much is read, with its unit: "16 MiB", or "1000 pages".
	Limit string
}

// Error names the limit and what to do. Who asked is to name the request.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("the server answers with more than %s, and no more is read; ask whoever runs it, or name another", e.Limit)
}

// Refused says whether an error is that a file was not read because of what it
// is: too large, no regular file, or outside of its folder.
func Refused(err error) bool {
	var large *TooLargeError
	var kind *NotRegularError
	var outside *OutsideError
	return errors.As(err, &large) || errors.As(err, &kind) || errors.As(err, &outside)
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&(fs.ModeDevice|fs.ModeCharDevice) != 0:
		return "a device"
	}
	return "something else"
}

// size is a number of bytes in the largest unit that it is a multiple of.
func size(n int64) string {
	switch {
	case n > 0 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n > 0 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
