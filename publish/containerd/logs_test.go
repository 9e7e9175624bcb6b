package containerd

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSeekTail(t *testing.T) {
	long := strings.Repeat("x", logBlock+1) + "\n"
	for _, c := range []struct {
		log  string
		n    int
		want string
	}{
		{"", 1, ""},
		{"a\n", 1, "a\n"},
		{"a", 1, "a"},
		{"a\nb\nc\n", 2, "b\nc\n"},
		{"a\nb\nc", 2, "b\nc"},
		{"a\nb\n", 5, "a\nb\n"},
		{"a\n\n", 1, "\n"},
		{"a\n" + long + "b\n", 2, long + "b\n"},
		{"a\n" + long + long, 3, "a\n" + long + long},
		{long + "b", 1, "b"},
	} {
		file := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(file, []byte(c.log), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := seekTail(f, c.n); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		if err != nil || string(got) != c.want {
			t.Errorf("last %d lines of %.20q: %.20q (%d bytes), want %.20q (%d), %v", c.n, c.log, got, len(got), c.want, len(c.want), err)
		}
	}
}

// TestEndOfLog reads the end of a log whose last line has a gibibyte.
func TestEndOfLog(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := endOf(f); got != nil {
		t.Errorf("an empty log ends with %q", got)
	}
	if _, err := f.WriteString("a\nb\n"); err != nil {
		t.Fatal(err)
	}
	if got := endOf(f); strings.Join(got, ",") != "a,b" {
		t.Errorf("it ends with %q", got)
	}
	if err := f.Truncate(1 << 30); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(endOf(f), "\n"); len(got) != logBlock {
		t.Errorf("%d bytes of the end of a log are kept", len(got))
	}
}
