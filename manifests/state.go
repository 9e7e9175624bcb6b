package manifests

import "reflect"

// Deployed is the state that a target is to be in when a release is deployed
// to it, by its strategy: in the place of what is there, or beside it until it
// is promoted. The current state is nil where nothing is deployed; what a
// canary or blue-green deployment had brought up before is given up.
func Deployed(current *State, r Release) State {
	switch {
	case current == nil:
		return State{Live: Slot{Release: r}}
	case reflect.DeepEqual(current.Live.Release, r):
		return State{Live: current.Live}
	}
	next := Slot{Release: r}
	switch r.Target.Strategy {
	case "canary":
		if current.Live.Track != "" {
			// It has a colour, and shares no Service with a canary: the change of
			// the strategy itself takes effect at once.
			return State{Live: next}
		}
		next.Track = "canary"
	case "blue-green":
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
	if live.Track == "canary" {
		// The plain slot rolls to the new release while the canary still runs.
		live.Track = current.Live.Track
	}
	return State{Live: live}, true
}

// RolledBack is the state in which an earlier state's live release serves
// alone. It goes to the slot that an ordinary deployment of it would take.
func RolledBack(current, earlier State) State {
	live := earlier.Live
	live.Track = current.Live.Track
	if earlier.Live.Target.Strategy == "blue-green" && !reflect.DeepEqual(current.Live.Release, earlier.Live.Release) {
		live.Track = otherColour(current.Live.Track)
	}
	return State{Live: live}
}

func otherColour(track string) string {
	if track == "blue" {
		return "green"
	}
	return "blue"
}
