package builder

// Status is the status of the embedded daemon.
type Status struct {
	// Running reports whether it runs, PID is the process id of its supervisor.
	Running bool
	PID     int
	// Address is a value for BUILDKIT_HOST.
	Address string
	// Version is BuildKit's version, "" if the daemon does not answer.
	Version string
	// StateDir has the daemon's cache, LogFile is its log.
	StateDir, LogFile string
	// DiskUsed is the size of the cache in bytes, 0 if the daemon does not answer.
	DiskUsed int64
}
