package build

import (
	"context"
	"os"
	"slices"
	"strings"
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
	// silent shows nothing.
	silent progressui.Display
	to     *excerpt
	// streams says that the display shows all that steps log, and keeps it.
	streams bool
	// escaper makes text of steps printable; nil if programs read the display.
	escaper *escaper
	// again leaves out what an earlier display has shown, groups makes one vertex of
	// several; nil if that is not wanted.
	again  *again
	groups *groups
	sent   sent
	// patience is how long a build may take before it is shown.
	patience time.Duration
	// events receives the builder's events; the build closes it.
	events chan *client.SolveStatus
	// stop is closed to stop the display, ended when it no longer writes to the
	// terminal.
	stop, ended chan struct{}
	// begun is when the first vertex was begun.
	begun    time.Time
	warnings []client.VertexWarning
	err      error
}

// onDumb returns the mode of a display, which BuildKit's auto mode takes for one that can
// move the cursor on every terminal.
func onDumb(mode, term string) string {
	if progressui.DisplayMode(mode) == progressui.AutoMode && term == "dumb" {
		return string(progressui.PlainMode)
	}
	return mode
}

// newProgress says at the top which builder it is. Repeated says that an earlier display
// has shown most of the build.
func newProgress(log *os.File, mode, builder string, repeated bool) (*progress, error) {
	builder = terminal.Printable(builder)
	mode = onDumb(mode, os.Getenv("TERM"))
	to := &excerpt{File: log}
	display, err := progressui.NewDisplay(to, progressui.DisplayMode(mode), progressui.WithDesc("building with "+builder, builder))
	if err != nil {
		return nil, &UsageError{Option: "progress", Err: err}
	}
	silent, err := progressui.NewDisplay(to, progressui.QuietMode)
	if err != nil {
		return nil, err
	}
	p := &progress{
		display: display,
		silent:  silent,
		to:      to,
		events:  make(chan *client.SolveStatus),
		stop:    make(chan struct{}),
		ended:   make(chan struct{}),
	}
	raw := progressui.DisplayMode(mode) == progressui.RawJSONMode
	if !raw || terminal.Is(log) {
		p.escaper = newEscaper()
	}
	if raw {
		p.streams = true
		return p, nil
	}
	if repeated {
		p.again = newAgain()
	}
	settle := time.Duration(0)
	switch {
	case progressui.DisplayMode(mode) == progressui.QuietMode:
	case progressui.DisplayMode(mode) == progressui.PlainMode, !terminal.Is(log):
		p.streams, settle = true, settlePlain
	}
	p.groups = newGroups(settle)
	return p, nil
}

// patience returns how long a build may take before it is shown.
func (o Options) patience() time.Duration {
	if progressui.DisplayMode(o.Progress) != progressui.AutoMode {
		return 0
	}
	return o.Patience
}

// run shows the events. It ends with the build, not with the build's context,
// so that the display shows how the build ended.
func (p *progress) run() {
	held, done := p.hold()
	if done {
		p.display = p.silent
	}
	shown := make(chan *client.SolveStatus)
	go func() {
		defer close(p.ended)
		p.warnings, p.err = p.display.UpdateFrom(context.Background(), shown)
	}()
	for _, s := range held {
		p.note(s)
		shown <- p.convert(s)
	}
	p.forward(shown)
	if p.groups != nil {
		shown <- p.groups.end()
	}
	close(shown)
	<-p.ended
	// The builder keeps reporting after the display has stopped.
	for range p.events {
	}
}

// hold keeps the events of a build that its user has no need to see yet, and reports
// whether the build was done before he had.
func (p *progress) hold() (held []*client.SolveStatus, done bool) {
	if p.patience == 0 {
		return nil, false
	}
	late := time.After(p.patience)
	for {
		select {
		case <-late:
			return held, false
		case <-p.stop:
			return held, false
		case s, ok := <-p.events:
			if !ok {
				return held, true
			}
			held = append(held, s)
			if slices.ContainsFunc(s.Vertexes, func(v *client.Vertex) bool { return v.Error != "" }) {
				return held, false
			}
		}
	}
}

func (p *progress) forward(to chan<- *client.SolveStatus) {
	stop := p.stop
	var settled <-chan time.Time
	var counts <-chan time.Time
	if p.groups != nil {
		ticker := time.NewTicker(sentInterval)
		defer ticker.Stop()
		counts = ticker.C
	}
	for {
		select {
		case <-counts:
			if s := p.sent.tell(); s != nil {
				to <- s
			}
		case s, ok := <-p.events:
			if !ok {
				return
			}
			p.note(s)
			to <- p.convert(s)
		case <-stop:
			stop, settled = nil, time.After(lastEventsDelay)
		case <-settled:
			return
		}
	}
}

// note remembers when the build began. Vertices that an earlier build shares may be
// reported as they were then; the one that reads the Deployfile is of this build alone.
func (p *progress) note(s *client.SolveStatus) {
	for _, v := range s.Vertexes {
		if p.begun.IsZero() && v.Started != nil && strings.HasPrefix(v.Name, deployfileVertex) {
			p.begun = *v.Started
		}
	}
}

// convert returns an event as the display is to have it.
func (p *progress) convert(s *client.SolveStatus) *client.SolveStatus {
	if p.escaper != nil {
		s = p.escaper.printable(s)
	}
	if p.again != nil {
		s = p.again.convert(s)
	}
	if p.groups != nil {
		p.sent.note(s)
		s = p.groups.convert(s)
	}
	return s
}
