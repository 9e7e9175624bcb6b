package cli

import (
	"bytes"
	"strings"
	"testing"
)

// What a server says of its own address is left out, however its log comes in pieces.
func TestServerLog(t *testing.T) {
	const log = "INFO:     Started server process [1]\n" +
		"INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)\n" +
		"[2026-11-28 06:00:00 +0000] [7] [INFO] Listening at: http://[::]:8080 (7)\n" +
		"a model that calls http://0.0.0.0:8080\n" +
		"no end"
	const want = "INFO:     Started server process [1]\na model that calls http://0.0.0.0:8080\nno end"
	for _, size := range []int{1, 7, len(log)} {
		var out bytes.Buffer
		l := &serverLog{to: &out}
		for at := 0; at < len(log); at += size {
			if _, err := l.Write([]byte(log[at:min(at+size, len(log))])); err != nil {
				t.Fatal(err)
			}
		}
		l.flush()
		if out.String() != want {
			t.Errorf("in pieces of %d: %q", size, out.String())
		}
	}
}

// A line without an end is not kept for ever.
func TestServerLogWithoutEnd(t *testing.T) {
	var out bytes.Buffer
	l := &serverLog{to: &out}
	if _, err := l.Write([]byte(strings.Repeat("x", longestLine+1))); err != nil || out.Len() == 0 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}
