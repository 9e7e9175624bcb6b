package cli

import (
	"bytes"
	"os"
	"testing"
	"time"
)

func TestStepsOnATerminal(t *testing.T) {
	var b bytes.Buffer
	s := &steps{to: &b, wide: func() int { return 20 }}
	s.Wait("connecting")
	s.Say("prod: applying")
	s.erase()
	s.paint(1500 * time.Millisecond)
	s.Say("prod: a line that is longer than the screen")
	s.Wait("looking")
	s.Done()
	want := "prod: applying" +
		"\r\x1b[K⠴ prod: applying (…" +
		"\r\x1b[Kprod: applying\n" + "prod: a line that …" +
		"\r\x1b[Kprod: a line that is longer than the screen\n"
	if got := b.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestStepsElsewhere(t *testing.T) {
	for progress, want := range map[string]string{"auto": "applying\n", "plain": "applying\n", "quiet": "applying\n", "rawjson": "", "--quiet": ""} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		s := newSteps(streams{console: w}, progress, progress == "--quiet")
		s.Wait("connecting")
		s.Say("applying")
		s.Done()
		s.close()
		w.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(r); err != nil || b.String() != want {
			t.Errorf("%s: %q, %v", progress, b.String(), err)
		}
		r.Close()
	}
}
