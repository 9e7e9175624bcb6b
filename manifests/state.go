package manifests

import (
	"bytes"
	"slices"
)

// The tracks of slots beside "".
const (
	TrackCanary = "canary"
	TrackBlue   = "blue"
	TrackGreen  = "green"
)

// Slots returns the live slot and, if any, the next.
func (s State) Slots() []Slot {
	if s.Next == nil {
		return []Slot{s.Live}
	}
	return []Slot{s.Live, *s.Next}
}

// Newest returns the slot that was deployed last. Shared objects are rendered from its
// release.
func (s State) Newest() Release {
	slots := s.Slots()
	return slots[len(slots)-1].Release
}

// Deployed returns the state after a release is deployed by its strategy: in place of
// the live release, or beside it until it is promoted. The current state is nil if
// nothing is deployed. An earlier canary or preview is dropped; if the release is
// live already, nothing else changes.
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

// Promoted returns the state in which the next release is live; ok is false if there
// is no next release.
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

// RolledBack returns the state in which the live release of an earlier state is live
// again, alone and at once, on the track that deploying it would give it.
func RolledBack(current, earlier State) State {
	r := earlier.Live.Release
	to := Deployed(&current, r)
	if promoted, ok := Promoted(to); ok {
		return promoted
	}
	return to
}

// Same reports whether two states are rendered to the same documents, apart from the
// digests of the lock and the Deployfile, so that deploying the second would change
// nothing. A state that cannot be rendered is not the same as any other.
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

// sameService reports whether the releases run the same way: the Deployfile may have
// another comment, or another strategy for the next release.
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
