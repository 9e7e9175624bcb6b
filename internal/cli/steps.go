package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/internal/terminal"
)

// steps prints on standard error what a command is doing. A line of Say stays. On a
// terminal, the line that is not yet done is shown with the time that it has taken, as
// soon as that is more than a moment.
type steps struct {
	to     io.Writer
	events *events
	wide   func() int // nil if it is no terminal

	mu    sync.Mutex
	line  string // what is going on, "" for nothing
	stays bool   // the line is kept when it is done
	since time.Time
	drawn bool
	end   chan struct{}
	ended sync.WaitGroup
}

// newSteps takes the value of --progress, which is about the build: what a command does
// at a target is shown unless it is to be quiet, or programs read the display.
func newSteps(s streams, progress string, quiet bool) *steps {
	w := s.console
	t := &steps{to: w, events: s.events, end: make(chan struct{})}
	switch {
	case quiet, progress == "rawjson":
		t.to = io.Discard
	case progress != "plain" && terminal.Is(w):
		t.wide = func() int { return terminal.Width(w, 80) }
		t.ended.Go(t.draw)
	}
	return t
}

var _ deploy.Progress = (*steps)(nil)

// Say implements deploy.Progress: the line stays.
func (t *steps) Say(line string) { t.next(terminal.Printable(line), true) }

// Wait implements deploy.Progress: the line leaves nothing behind.
func (t *steps) Wait(line string) { t.next(terminal.Printable(line), false) }

// Reverting implements deploy.Progress: it tells a user who interrupts a change why the
// command continues.
func (t *steps) Reverting() {
	t.Wait("putting back what was served; Ctrl-C once more leaves it as it is")
}

// Done implements deploy.Progress: it releases the terminal.
func (t *steps) Done() { t.next("", false) }

func (t *steps) next(line string, stays bool) {
	if line != "" {
		t.events.message(line)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	if t.wide == nil {
		if stays {
			fmt.Fprintln(t.to, line)
		}
		return
	}
	if t.stays {
		fmt.Fprintln(t.to, t.line)
	}
	t.line, t.stays, t.since = line, stays, time.Now()
	if stays {
		t.paint(0)
	}
}

// close ends the display.
func (t *steps) close() {
	t.Done()
	close(t.end)
	t.ended.Wait()
}

const (
	frameTime = 100 * time.Millisecond
	// moment is how long a step may take before its time is shown.
	moment = 500 * time.Millisecond
)

func (t *steps) draw() {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	for {
		select {
		case <-t.end:
			return
		case <-ticker.C:
		}
		t.mu.Lock()
		if took := time.Since(t.since); t.line != "" && took > moment {
			t.erase()
			t.paint(took)
		}
		t.mu.Unlock()
	}
}

// paint draws the current line, with a sign of life once it takes time.
func (t *steps) paint(took time.Duration) {
	text := t.line
	if took > 0 {
		frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		text = fmt.Sprintf("%c %s (%d s)", frames[int(took/frameTime)%len(frames)], text, int(took.Seconds()))
	}
	if r := []rune(text); len(r) > t.wide()-1 {
		text = string(r[:max(t.wide()-2, 0)]) + "…"
	}
	fmt.Fprint(t.to, text)
	t.drawn = true
}

func (t *steps) erase() {
	if t.drawn {
		fmt.Fprint(t.to, "\r\x1b[K")
		t.drawn = false
	}
}
