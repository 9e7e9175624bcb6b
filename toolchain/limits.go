package toolchain

import (
	"fmt"
	"time"

	"github.com/moby/buildkit/client/llb"
)

// The limits of a step where Limits has a zero. An honest build of a wheel stays
// far below them; what does not end, or fills the machine, meets them.
const (
	// DefaultProcesses is the number of processes and threads.
	DefaultProcesses int64 = 4096
	// DefaultData is the memory of one process, in bytes.
	DefaultData int64 = 16 << 30
	// DefaultTime is how long one step may run.
	DefaultTime = time.Hour
)

// Limits are what a step may use that reaches the network or runs programs of
// others: a package's build script, uv, apt, the server that is verified. They
// decide whether a step ends well, and nothing of its result. The zero value has the
// defaults.
type Limits struct {
	// Processes is how many processes and threads such programs have on the
	// builder at one time (RLIMIT_NPROC of their user, see getrlimit(2)).
	Processes int64
	// Data is the memory of one process, in bytes (RLIMIT_DATA), -1 for any. What
	// a whole step has is a resource of the vertex, in Toolchain.Constraints.
	Data int64
	// Time is how long one step may run, in whole seconds.
	Time time.Duration
}

// EnvLimits is the environment variable by which a step's script (confine.py)
// learns of its limits: processes, bytes and seconds.
const EnvLimits = "DEPLOYFILE_LIMITS"

// Option puts the limits into a step.
func (l Limits) Option() llb.RunOption {
	if l.Processes == 0 {
		l.Processes = DefaultProcesses
	}
	if l.Data == 0 {
		l.Data = DefaultData
	}
	if l.Time == 0 {
		l.Time = DefaultTime
	}
	return llb.AddEnv(EnvLimits, fmt.Sprintf("%d %d %d", l.Processes, l.Data, int64(l.Time/time.Second)))
}
