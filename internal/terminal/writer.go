package terminal

import (
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/containerd/console"
)

// Writer writes text for people, made printable. It is safe for concurrent use.
type Writer struct {
	to      io.Writer
	colours bool

	mu sync.Mutex
	// begun is the beginning of an incomplete character.
	begun []byte
}

// NewWriter returns a Writer to w. It escapes even for a file, because a log in
// a file may be shown on a terminal later.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w, colours: showsColours(w)} }

// ForData returns a writer for data that programs read: f itself, byte for
// byte, unless it is a terminal.
func ForData(f *os.File) io.Writer {
	if Is(f) {
		return NewWriter(f)
	}
	return f
}

// Is reports whether w, or the destination of a Writer, is a terminal.
func Is(w io.Writer) bool {
	switch w := w.(type) {
	case *Writer:
		return Is(w.to)
	case *os.File:
		_, err := console.ConsoleFromFile(w)
		return err == nil
	}
	return false
}

// Width returns the number of columns of the terminal that w is, and otherwise if
// it is none.
func Width(w io.Writer, otherwise int) int {
	switch w := w.(type) {
	case *Writer:
		return Width(w.to, otherwise)
	case *os.File:
		if c, err := console.ConsoleFromFile(w); err == nil {
			if size, err := c.Size(); err == nil && size.Width > 0 {
				return int(size.Width)
			}
		}
	}
	return otherwise
}

// Write implements io.Writer. A character may span several calls.
func (w *Writer) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.begun, data...)
	end := complete(text)
	w.begun = slices.Clone(text[end:])
	if _, err := io.WriteString(w.to, Printable(string(text[:end]))); err != nil {
		return 0, err
	}
	return len(data), nil
}

// complete returns the length of a text without an incomplete character at its
// end.
func complete(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		start := len(text) - n
		if utf8.RuneStart(text[start]) {
			if utf8.FullRune(text[start:]) {
				break
			}
			return start
		}
	}
	return len(text)
}
