package untrusted

import (
	"errors"
	"fmt"
	"io/fs"
)

// Reason returns why a file could not be read, without the file's name and the call.
func Reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) && at.Error() == err.Error() {
		return at.Err.Error()
	}
	return err.Error()
}

// TooLargeError reports a file with more bytes than its limit.
type TooLargeError struct {
	// Name is the name of the file as requested.
	Name string
	// Limit is the maximum size in bytes.
	Limit int64
}

// Error names the file, the limit and what to do.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is larger than %s, which is the limit; use a smaller file", e.Name, size(e.Limit))
}

// NotRegularError reports a named pipe, a device or a socket in place of a
// file, which could block its reader forever.
type NotRegularError struct {
	// Name is the name of the file as requested.
	Name string
	// Mode is the file's mode.
	Mode fs.FileMode
}

// Error names the file, what it is and what to do.
func (e *NotRegularError) Error() string {
	return fmt.Sprintf("%s is %s and not a file; put the file itself there", e.Name, kind(e.Mode))
}

// OutsideError reports a symbolic link that leads out of its directory.
type OutsideError struct {
	// Name is the requested path, relative to the directory.
	Name string
}

// Error names the link and what to do.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("%s is a symbolic link, or below one, that leads out of the directory that is read; put the file itself there", e.Name)
}

// AnswerError reports a server's response beyond its limit.
type AnswerError struct {
	// Limit is the limit with its unit: "16 MiB", or "1000 pages".
	Limit string
}

// Error names the limit and what to do. The caller names the request.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("the server answers with more than %s, which is the limit; ask its operator, or use another", e.Limit)
}

// Refused reports whether a file was not read because of what it is: too large,
// not a regular file, or outside its directory.
func Refused(err error) bool {
	var large *TooLargeError
	var kind *NotRegularError
	var outside *OutsideError
	return errors.As(err, &large) || errors.As(err, &kind) || errors.As(err, &outside)
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&(fs.ModeDevice|fs.ModeCharDevice) != 0:
		return "a device"
	}
	return "something else"
}

// size formats a number of bytes in the largest unit that divides it.
func size(n int64) string {
	switch {
	case n > 0 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n > 0 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
