package builder

// Status describes the embedded daemon.
type Status struct {
	// Running reports whether it runs, PID is the process id of its supervisor.
	Running bool
	PID     int
	// Address is a value for BUILDKIT_HOST.
	Address string
	// Version is that of BuildKit, "" if it does not answer.
	Version string
	// StateDir has its cache, LogFile its log.
	StateDir, LogFile string
	// DiskUsed is the size of the cache in bytes, 0 if it does not answer.
	DiskUsed int64
}
