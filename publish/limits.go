package publish

import "time"

const (
	// KeepRevisions is how many deployed revisions stay recorded, the newest
	// included: as many as Kubernetes keeps of a Deployment. Where a revision keeps
	// an image, the images share their layers, so one more costs its model.
	KeepRevisions = 10
	// DefaultTimeout limits each of the two waits of a deployment, until the
	// revision is ready and until it is ready where requests reach it, if
	// ApplyOptions.Timeout does not.
	DefaultTimeout = 10 * time.Minute
	// CleanupLimit is how long reverting or completing a deployment may take, after
	// the caller's context has ended, too.
	CleanupLimit = StopLimit + 30*time.Second
	// StopLimit is how long a server may take to end.
	StopLimit = 30 * time.Second
	// LogLines is how many lines of a log an error has.
	LogLines = 20
)

const (
	// stepLimit is how long a target may take to begin what it was told: it may have
	// to wait for a server to end, or for an API server to come back.
	stepLimit = 2 * time.Minute
	// slack is how much longer than its time limits a deployment may take whose
	// deadline cannot be extended.
	slack = time.Minute
	// farthest is how far beyond its lease a deadline may be: farther than the
	// clocks of two machines differ. Whoever writes a later one does not keep the
	// endpoint locked.
	farthest = time.Hour
	// farthestFixed is the same where deadlines cannot be extended.
	farthestFixed = 24 * time.Hour
	// firstLook and lastLook are the pause after the first look at a revision that
	// is not ready, and the longest one.
	firstLook = 100 * time.Millisecond
	lastLook  = time.Second
)
