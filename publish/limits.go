package publish

import "time"

const (
	// KeepRevisions is the number of deployed revisions that stay recorded, including
	// the newest: as many as Kubernetes keeps of a Deployment. The images that revisions
	// keep share their layers, so one more costs about its model.
	KeepRevisions = 10
	// DefaultTimeout limits each of the two waits of a rollout, until the revision is
	// ready and until it is ready behind the routing, unless ApplyOptions.Timeout is
	// set or the Driver is Slow.
	DefaultTimeout = 10 * time.Minute
	// CleanupLimit bounds reverting or completing a rollout, even after the caller's
	// context has ended, unless the Driver is Slow.
	CleanupLimit = StopLimit + 30*time.Second
	// StopLimit is how long a server may take to end.
	StopLimit = 30 * time.Second
	// LogLines is how many lines of a log an error has.
	LogLines = 20
)

const (
	// stepLimit is how long a target may take to begin a step: it may have to wait for a
	// server to exit, or for an API server to come back.
	stepLimit = 2 * time.Minute
	// slack is how much longer than its time limits a rollout may take if its deadline
	// cannot be extended.
	slack = time.Minute
	// farthest is how far beyond its lease a deadline may be: farther than the clocks of
	// two machines differ. A later deadline, which anyone who writes records could set,
	// does not lock the endpoint.
	farthest = time.Hour
	// farthestFixed is the same where deadlines cannot be extended.
	farthestFixed = 24 * time.Hour
	// firstLook and lastLook are the pause after the first look at a revision that
	// is not ready, and the longest one.
	firstLook = 100 * time.Millisecond
	lastLook  = time.Second
)
