package cli

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// serverLog passes on what a server prints, line by line, without its own address: that
// is one of the server's own network, such as http://0.0.0.0:8080, and looks like the one
// to call on this machine.
type serverLog struct {
	to io.Writer

	mu   sync.Mutex
	rest []byte // the beginning of a line
}

// longestLine is how much of a line is kept until its end comes.
const longestLine = 64 << 10

// Write writes the lines that are complete.
func (l *serverLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, data...)
	for {
		end := bytes.IndexByte(l.rest, '\n') + 1
		if end == 0 && len(l.rest) > longestLine {
			end = len(l.rest)
		}
		if end == 0 {
			return len(data), nil
		}
		line := l.rest[:end]
		l.rest = l.rest[end:]
		if ownAddress().Match(line) {
			continue
		}
		if _, err := l.to.Write(line); err != nil {
			return 0, err
		}
	}
}

// flush writes a last line without an end.
func (l *serverLog) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.to.Write(l.rest)
	l.rest = nil
}

// ownAddress matches what Uvicorn, Gunicorn and MLServer print when they listen.
func ownAddress() *regexp.Regexp {
	return regexp.MustCompile(`(?:running on|Listening at:) https?://(?:0\.0\.0\.0|\[::\]):[0-9]+`)
}
