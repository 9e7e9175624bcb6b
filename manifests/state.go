package manifests

import (
	"bytes"
	"slices"
)

// The tracks that a slot has besides "".
const (
	TrackCanary = "canary"
	TrackBlue   = "blue"
	TrackGreen  = "green"
)

// Slots are the live one and, if there is one, the next.
func (s State) Slots() []Slot {
	if s.Next == nil {
		return []Slot{s.Live}
	}
	return []Slot{s.Live, *s.Next}
}

// Newest is the release that was deployed last: what the slots share follows
// it.
func (s State) Newest() Release {
	slots := s.Slots()
	return slots[len(slots)-1].Release
}

// Deployed is the state that a target is to be in when a release is deployed
// to it, by its strategy: in the place of what is there, or beside it until it
// is promoted. The current state is nil where nothing is deployed. What a
// canary or blue-green deployment had brought up before is given up, and
// nothing else happens if the release is what is live already.
func Deployed(current *State, r Release) State {
	switch {
	case current == nil:
		return State{Live: Slot{Release: r}}
	case sameService(current.Live.Release, r):
		return State{Live: Slot{Track: current.Live.Track, Release: r}}
	}
	next := Slot{Release: r}
	switch RolloutOf(r.Target).Strategy {
	case StrategyCanary:
		next.Track = TrackCanary
	case StrategyBlueGreen:
		next.Track = otherColour(current.Live.Track)
	default:
		return State{Live: next}
	}
	return State{Live: current.Live, Next: &next}
}

// Promoted is the state in which all requests go to what was brought up beside
// the live release; ok is false if there is nothing.
func Promoted(current State) (State, bool) {
	if current.Next == nil {
		return State{}, false
	}
	live := *current.Next
	if live.Track == TrackCanary {
		// The live slot rolls to the new release while the canary still runs.
		live.Track = current.Live.Track
	}
	return State{Live: live}, true
}

// RolledBack is the state in which an earlier state's live release serves
// alone, at once. It goes where an ordinary deployment of it would.
func RolledBack(current, earlier State) State {
	r := earlier.Live.Release
	to := Deployed(&current, r)
	if promoted, ok := Promoted(to); ok {
		return promoted
	}
	return to
}

// Same reports whether two states are rendered to the same documents, apart from
// the digests of the lock and the Deployfile: then the second needs nothing that
// the first has not. What cannot be rendered is the same as nothing.
func Same(a, b State) bool {
	before, err := Render(withoutDigests(a))
	if err != nil {
		return false
	}
	after, err := Render(withoutDigests(b))
	return err == nil && slices.EqualFunc(before, after, func(x, y Document) bool {
		return x.Name == y.Name && bytes.Equal(x.Body, y.Body)
	})
}

func withoutDigests(s State) State {
	s.Live.LockDigest, s.Live.FileDigest = "", ""
	if s.Next != nil {
		next := *s.Next
		next.LockDigest, next.FileDigest = "", ""
		s.Next = &next
	}
	return s
}

// sameService reports whether the releases serve the same in the same way: the
// Deployfile may have got another comment, or another strategy for what comes
// next.
func sameService(a, b Release) bool {
	a.Target, b.Target = withoutRollout(a.Target), withoutRollout(b.Target)
	return Same(State{Live: Slot{Release: a}}, State{Live: Slot{Release: b}})
}

func otherColour(track string) string {
	if track == TrackBlue {
		return TrackGreen
	}
	return TrackBlue
}
