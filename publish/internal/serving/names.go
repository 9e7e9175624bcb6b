package serving

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// KeepRevisions is how many revisions are kept besides the newest.
	KeepRevisions = 3
	// Grace is how long a server may take to end.
	Grace = 30 * time.Second
	// CleanUpLimit is how long undoing a failed deployment may take.
	CleanUpLimit = Grace + 30*time.Second
	// DefaultTimeout is how long it is waited for a server, where nothing else
	// is asked for.
	DefaultTimeout = 5 * time.Minute
	// LogLines is how many lines of a log an error has.
	LogLines = 20
	// Slack is how long after its time is over a deployment counts as given up
	// by whoever began it.
	Slack = time.Minute
)

// Numbered is the name of the container of an endpoint's revision.
func Numbered(endpoint string, number int) string {
	return fmt.Sprintf("%s-r%d", endpoint, number)
}

// Number is the revision that a name made by Numbered has.
func Number(endpoint, name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, endpoint+"-r")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && strconv.Itoa(n) == digits
}
