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
const lastEventsDelay = 300 * time.Millisecond

// progress shows the builder's events until the build ends or the display is
// stopped.
type progress struct {
	display progressui.Display
	// escaper makes text of steps printable; nil if programs read the display.
	escaper *escaper
	// events receives the builder's events; the build closes it.
	events chan *client.SolveStatus
	// stop is closed to stop the display, ended when it no longer writes to the
	// terminal.
	stop, ended chan struct{}
	warnings    []client.VertexWarning
	err         error
}

// newProgress says at the top which builder it is.
func newProgress(log *os.File, mode, builder string) (*progress, error) {
	builder = terminal.Printable(builder)
	display, err := progressui.NewDisplay(log, progressui.DisplayMode(mode), progressui.WithDesc("building with "+builder, builder))
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
		p.escaper = newEscaper()
	}
	return p, nil
}

// run shows the events. It ends with the build, not with the build's context,
// so that the display shows how the build ended.
func (p *progress) run() {
	shown := make(chan *client.SolveStatus)
	go func() {
		defer close(p.ended)
		p.warnings, p.err = p.display.UpdateFrom(context.Background(), shown)
	}()
	p.forward(shown)
	close(shown)
	<-p.ended
	// The builder keeps reporting after the display has stopped.
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
			if p.escaper != nil {
				s = p.escaper.printable(s)
			}
			to <- s
		case <-stop:
			stop, settled = nil, time.After(lastEventsDelay)
		case <-settled:
			return
		}
	}
}
