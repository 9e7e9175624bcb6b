package toolchain

import (
	"fmt"
	"time"

	bkllb "github.com/moby/buildkit/client/llb"
)

// Defaults for the zero fields of Limits. An ordinary build of a wheel stays
// far below them; a runaway build hits them.
const (
	// DefaultProcesses limits processes and threads.
	DefaultProcesses int64 = 4096
	// DefaultData limits the memory of one process, in bytes.
	DefaultData int64 = 16 << 30
	// DefaultTime limits the duration of one step.
	DefaultTime = time.Hour
)

// Limits limits a step that has a network or runs foreign programs: a package's
// build script, uv, apt, the server under verification. Limits decide whether a
// step succeeds, but do not affect its result. The zero value means the
// defaults.
type Limits struct {
	// Processes limits the processes and threads of such programs on the builder
	// at one time (RLIMIT_NPROC of their user, see getrlimit(2)).
	Processes int64
	// Data limits the memory of one process in bytes (RLIMIT_DATA); -1 means no
	// limit. The memory of a whole step is a resource of the vertex, in
	// Toolchain.Constraints.
	Data int64
	// Time limits the duration of one step, in whole seconds.
	Time time.Duration
}

// EnvLimits is the environment variable that passes the limits to a step's
// script (confine.py): processes, bytes and seconds.
const EnvLimits = "DEPLOYFILE_LIMITS"

// Option passes the limits to a step.
func (l Limits) Option() bkllb.RunOption {
	if l.Processes == 0 {
		l.Processes = DefaultProcesses
	}
	if l.Data == 0 {
		l.Data = DefaultData
	}
	if l.Time == 0 {
		l.Time = DefaultTime
	}
	return bkllb.AddEnv(EnvLimits, fmt.Sprintf("%d %d %d", l.Processes, l.Data, int64(l.Time/time.Second)))
}
