package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/docker/go-units"
)

// bar shows on standard error how far a transfer is: a line that is drawn again on a
// terminal, and otherwise a line now and then.
type bar struct {
	to     io.Writer
	events *events
	what   string
	every  time.Duration
	wide   func() int // nil if it is no terminal

	mu          sync.Mutex
	done, total int64
	began, last time.Time
	told        time.Time
	drawn       bool
}

// toldEvery is how often --events has how far it is.
const toldEvery = 100 * time.Millisecond

func newBar(s streams, what string) *bar {
	b := &bar{to: s.err, events: s.events, what: what, every: 10 * time.Second, began: time.Now(), last: time.Now()}
	if terminal.Is(s.console) {
		// Only a console has a line that can be drawn again.
		b.to, b.every = s.console, 100*time.Millisecond
		b.wide = func() int { return terminal.Width(s.console, 80) }
	}
	return b
}

// update draws the line, if it is time to.
func (b *bar) update(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done, b.total = done, total
	if done == total || time.Since(b.told) >= toldEvery {
		b.told = time.Now()
		b.events.transferred(b.what, done, total)
	}
	if time.Since(b.last) < b.every {
		return
	}
	b.last = time.Now()
	if b.wide == nil {
		fmt.Fprintln(b.to, b.text())
		return
	}
	b.drawn = true
	fmt.Fprint(b.to, "\r\x1b[K"+b.line())
}

func (b *bar) text() string {
	rate := float64(b.done) / max(time.Since(b.began).Seconds(), 0.001)
	return fmt.Sprintf("%s: %s of %s, %s/s", b.what, units.HumanSize(float64(b.done)), units.HumanSize(float64(b.total)), units.HumanSize(rate))
}

// line is the text with the bar behind it, as wide as the terminal is.
func (b *bar) line() string {
	const cells = 20
	full := 0
	if b.total > 0 {
		full = int(cells * min(b.done, b.total) / b.total)
	}
	text := []rune(terminal.Line(fmt.Sprintf("[%s%s] %s", strings.Repeat("#", full), strings.Repeat(".", cells-full), b.text())))
	return string(text[:min(len(text), max(b.wide()-1, 0))])
}

// close takes the line away.
func (b *bar) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn {
		fmt.Fprint(b.to, "\r\x1b[K")
	}
}
