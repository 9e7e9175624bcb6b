package containers

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestLogEnd keeps the end of a log, and not much more.
func TestLogEnd(t *testing.T) {
	var l LogEnd
	if l.String() != "" {
		t.Errorf("%q", l.String())
	}
	for n := range 3 {
		fmt.Fprintln(&l, "line", n)
	}
	if l.String() != "line 0\nline 1\nline 2\n" {
		t.Errorf("%q", l.String())
	}
	endless := strings.Repeat("x", 1000) + "\n"
	if _, err := io.Copy(&l, strings.NewReader(strings.Repeat(endless, 10*maxLogEnd/len(endless))+"the last\n")); err != nil {
		t.Fatal(err)
	}
	if text := l.String(); len(text) != maxLogEnd || !strings.HasSuffix(text, "x\nthe last\n") || cap(l.text) > 4*maxLogEnd {
		t.Errorf("%d bytes, room for %d: …%q", len(text), cap(l.text), text[len(text)-20:])
	}
}
