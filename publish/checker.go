package publish

import "context"

// Checker is a Publisher that knows before anything is built what would fail later.
type Checker interface {
	// Check asks the target, and changes nothing. What cannot be asked is a Finding
	// itself: whoever may only deploy can do so.
	Check(ctx context.Context) []Finding
}

// Finding is something that a deployment would fail at, or may.
type Finding struct {
	// Keys name the key of the target's table that it is about; none is the table itself.
	Keys []string
	// Warning reports that the deployment may succeed all the same.
	Warning bool
	// Message is what is wrong, Hint what to do about it, or "".
	Message, Hint string
}
