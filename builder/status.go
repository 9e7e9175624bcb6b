package builder

// Status describes the embedded daemon.
type Status struct {
	Running  bool   `json:"running"`
	PID      int    `json:"pid,omitempty"`     // the supervisor's
	Address  string `json:"address"`           // what BUILDKIT_HOST would say
	Version  string `json:"version,omitempty"` // BuildKit's, when it answers
	StateDir string `json:"state-dir"`
	LogFile  string `json:"log-file"`
	DiskUsed int64  `json:"disk-used"` // bytes of cache, when it answers
}
