package build

import "github.com/moby/buildkit/client"

// observed returns the channel that a builder is to report to, so that the observer has
// each event before the display, whatever that shows.
func (o Options) observed(shown *progress) chan *client.SolveStatus {
	if o.Observe == nil {
		return shown.events
	}
	from := make(chan *client.SolveStatus)
	go func() {
		defer close(shown.events)
		escaper, groups := newEscaper(), newGroups(settlePlain)
		for s := range from {
			// The escaper copies what the groups modify.
			copied := escaper.printable(s)
			for _, status := range copied.Statuses {
				if status.ID == sendingID {
					status.Current = shown.sent.bytes.Load()
				}
			}
			o.Observe(groups.convert(copied))
			shown.events <- s
		}
		o.Observe(groups.end())
	}()
	return from
}
