package containers

import "strings"

// LastLines returns the last n lines of a log, without empty lines at its end.
func LastLines(log string, n int) []string {
	log = strings.TrimRight(log, "\r\n")
	if log == "" {
		return nil
	}
	all := strings.Split(log, "\n")
	for i, line := range all {
		all[i] = strings.TrimRight(line, "\r")
	}
	return all[max(0, len(all)-n):]
}

// maxLogEnd is how much of a log a LogEnd keeps, in bytes.
const maxLogEnd = 1 << 20

// LogEnd is the end of a log that is written to it, however long that is.
type LogEnd struct{ text []byte }

// Write implements io.Writer.
func (l *LogEnd) Write(data []byte) (int, error) {
	l.text = append(l.text, data[max(0, len(data)-maxLogEnd):]...)
	if len(l.text) > 2*maxLogEnd {
		l.text = append(l.text[:0], l.text[len(l.text)-maxLogEnd:]...)
	}
	return len(data), nil
}

// String returns it.
func (l *LogEnd) String() string { return string(l.text[max(0, len(l.text)-maxLogEnd):]) }
