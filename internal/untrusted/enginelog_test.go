package untrusted

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"
)

func frame(stream byte, size int, text string) string {
	header := [8]byte{stream}
	binary.BigEndian.PutUint32(header[4:], uint32(size))
	return string(header[:]) + text
}

// TestCopyEngineLog copies what is in frames, up to the last byte of one that breaks off.
func TestCopyEngineLog(t *testing.T) {
	for _, tt := range []struct{ log, want, err string }{
		{"", "", ""},
		{frame(1, 3, "one") + frame(2, 4, " two") + frame(0, 0, "") + frame(1, 1, "."), "one two.", ""},
		{frame(1, 9, "broken"), "broken", ""},
		{frame(1, 3, "one") + "\x01\x00", "one", ""},
		{frame(1, 3, "one") + frame(3, 5, "\x1bsorry") + frame(1, 3, "two"), "one", `the engine says "\x1bsorr"`},
		{frame(3, 1<<30, strings.Repeat("x", 10000)), "", `the engine says "` + strings.Repeat("x", maxEngineError) + `"`},
		{frame(4, 1, "x"), "", "the unknown stream 4"},
	} {
		var got strings.Builder
		err := CopyEngineLog(&got, strings.NewReader(tt.log))
		if got.String() != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err && !strings.HasSuffix(err.Error(), tt.err) {
			t.Errorf("%.40q: %.40q, %.80v", tt.log, got.String(), err)
		}
	}
}

// TestCopyLargeFrame needs no memory for what a frame only says.
func TestCopyLargeFrame(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := CopyEngineLog(io.Discard, bytes.NewBufferString(frame(1, 1<<31, "x")))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err != nil || used > 1<<20 {
		t.Errorf("%d bytes: %v", used, err)
	}
}
