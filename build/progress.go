package build

import (
	"context"
	"os"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
)

// BuildKit sends the last events of a step a moment after its result.
const settleTime = 300 * time.Millisecond

// progress shows what the builder reports of a build, until the build ends or
// the display is told to stop.
type progress struct {
	display progressui.Display
	// words are those of the steps, nil where the display is for programs.
	words *words
	// events are what the builder reports; the build closes it.
	events chan *client.SolveStatus
	// stop is closed when nothing more is to be shown, ended when the display
	// has left the terminal.
	stop, ended chan struct{}
	warnings    []client.VertexWarning
	err         error
}

func newProgress(log *os.File, mode string) (*progress, error) {
	display, err := progressui.NewDisplay(log, progressui.DisplayMode(mode))
	if err != nil {
		return nil, &UsageError{Option: "progress", Err: err}
	}
	p := &progress{
		display: display,
		events:  make(chan *client.SolveStatus),
		stop:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	if progressui.DisplayMode(mode) != progressui.RawJSONMode || terminal.Is(log) {
		p.words = newWords()
	}
	return p, nil
}

// run shows the events. It ends with the build, not with the context of the
// build, so that the display shows how it ended.
func (p *progress) run() {
	shown := make(chan *client.SolveStatus)
	go func() {
		defer close(p.ended)
		p.warnings, p.err = p.display.UpdateFrom(context.Background(), shown)
	}()
	p.forward(shown)
	close(shown)
	<-p.ended
	// The builder goes on reporting to a display that has stopped.
	for range p.events {
	}
}

func (p *progress) forward(to chan<- *client.SolveStatus) {
	stop := p.stop
	var settled <-chan time.Time
	for {
		select {
		case s, ok := <-p.events:
			if !ok {
				return
			}
			if p.words != nil {
				s = p.words.printable(s)
			}
			to <- s
		case <-stop:
			stop, settled = nil, time.After(settleTime)
		case <-settled:
			return
		}
	}
}
