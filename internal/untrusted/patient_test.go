package untrusted

import (
	"io"
	"strings"
	"testing"
	"time"
)

// TestPatient ends a body that sends nothing, or a byte now and then, and none that its
// reader leaves alone for a while.
func TestPatient(t *testing.T) {
	const silence = 100 * time.Millisecond
	r, w := io.Pipe()
	defer w.Close()
	if _, err := io.ReadAll(Patient(r, silence)); err == nil || !strings.Contains(err.Error(), "it sends less than") {
		t.Errorf("a silent body: %v", err)
	}
	r, w = io.Pipe()
	go func() {
		for {
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(silence / 5)
		}
	}()
	if got, err := io.ReadAll(Patient(r, silence)); err == nil || len(got) > 10 {
		t.Errorf("a slow body: %d bytes, %v", len(got), err)
	}
	p := Patient(io.NopCloser(strings.NewReader("all of it")), silence)
	time.Sleep(2 * silence)
	if got, err := io.ReadAll(p); err != nil || string(got) != "all of it" {
		t.Errorf("a slow reader: %q, %v", got, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
