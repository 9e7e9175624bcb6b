package serve

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

// keptLog is how much of the log of a server that nobody watches is kept.
const keptLog = 64 << 10

// Log passes on what a server prints once the progress display has left the
// terminal; until then, and without a writer, it keeps the end of it.
type Log struct {
	// To receives the log; nil keeps its last 64 KiB for Text.
	To io.Writer

	mu       sync.Mutex
	released bool
	kept     bytes.Buffer
}

// Write keeps the last 64 KiB until the server is ready, and then writes to To.
func (l *Log) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released && l.To != nil {
		return l.To.Write(data)
	}
	l.kept.Write(data)
	if over := l.kept.Len() - keptLog; over > 0 {
		l.kept.Next(over)
	}
	return len(data), nil
}

func (l *Log) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.released = true
	if l.To != nil {
		_, _ = l.kept.WriteTo(l.To)
	}
}

// Text returns what was kept.
func (l *Log) Text() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kept.Bytes())
}
