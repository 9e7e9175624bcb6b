package build

import "testing"

// A dumb terminal moves no cursor; whoever asks for a display gets it.
func TestDumbTerminal(t *testing.T) {
	for _, c := range [][3]string{
		{"auto", "dumb", "plain"}, {"auto", "xterm", "auto"}, {"auto", "", "auto"}, {"tty", "dumb", "tty"}, {"quiet", "dumb", "quiet"},
	} {
		if got := onDumb(c[0], c[1]); got != c[2] {
			t.Errorf("--progress %s with TERM=%s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
