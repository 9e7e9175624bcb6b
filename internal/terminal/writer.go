package terminal

import (
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/containerd/console"
)

// Writer writes what is printable of a text for people. It can be used by several
// goroutines at once.
type Writer struct {
	to io.Writer

	mu sync.Mutex
	// begun is the start of a character whose end has not come yet.
	begun []byte
}

// NewWriter returns a Writer to w, wherever that leads: a log that is a file now
// is shown on a terminal later.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// ForData returns a writer for what programs read: f itself, byte for byte, unless
// it is a terminal.
func ForData(f *os.File) io.Writer {
	if Is(f) {
		return NewWriter(f)
	}
	return f
}

// Is reports whether w, or what a Writer writes to, is a terminal.
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

// Write implements io.Writer. A character may be spread over several calls.
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

// complete is the length of a text without a character at its end that has only
// begun.
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
