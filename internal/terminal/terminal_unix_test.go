//go:build unix

package terminal

import (
	"os"
	"strings"
	"testing"

	"github.com/containerd/console"
)

// Data reaches a file as it is, and a terminal printable.
func TestForData(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if to := ForData(w); to != w || Is(to) {
		t.Errorf("%v is no pipe", to)
	}
	w.Close()
	master, name, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	to := ForData(f)
	if !Is(to) || !Is(f) {
		t.Error("a terminal is taken for none")
	}
	if _, err := to.Write([]byte("\x1b]0;title\x07\n")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	n, err := master.Read(got)
	if err != nil || strings.TrimSpace(string(got[:n])) != `\x1b]0;title\x07` {
		t.Errorf("%q, %v", got[:n], err)
	}
}
