package report

import "github.com/deployfile/deployfile/deployfile"

// Build is what build prints.
type Build struct {
	// Digest is the image's digest, sha256:…; "" if the output is not an image.
	Digest string `json:"digest"`
	// Pushed are the names under which the image was pushed.
	Pushed []string `json:"pushed"`
	// Loaded are its names in Docker's engine.
	Loaded []string `json:"loaded"`
	// Written are the files and directories that were written.
	Written []string `json:"written"`
	// Size is the number of bytes of all layers, compressed; 0 if the builder does not
	// tell. Layers is their number, Reused that of those that the builder had before.
	Size   int64 `json:"size,omitempty"`
	Layers int   `json:"layers,omitempty"`
	Reused int   `json:"reused,omitempty"`
	// New are the layers that the builder did not have before, in the order of the image.
	New []Blob `json:"new,omitempty"`
}

// Lock is what lock prints: how the lock differs from the one before.
type Lock struct {
	// File is the name of the lock file.
	File string `json:"file"`
	// New reports whether there was no lock before.
	New bool `json:"new"`
	// Changed reports whether any byte differs.
	Changed bool `json:"changed"`
	// Packages counts the Python packages by platform.
	Packages map[string]int `json:"packages"`
	// Changes are the packages and images that differ.
	Changes []LockChange `json:"changes"`
	// Inputs says how the requirements and other inputs differ, a phrase each.
	Inputs []string `json:"inputs"`
	// Model says how the files of the model differ, a phrase each.
	Model []string `json:"model"`
	// Files are the names of the files that differ.
	Files []string `json:"files"`
}

// LockChange is one thing that is locked differently.
type LockChange struct {
	// Kind is what it is.
	Kind string `json:"kind" jsonschema:"enum=package,enum=debian,enum=base,enum=toolchain"`
	// Platform is os/arch, if it is that of one platform.
	Platform string `json:"platform,omitempty"`
	// Name is the name of the package, "" for an image.
	Name string `json:"name"`
	// Was is the version or digest before; it is left out for what was added.
	Was string `json:"was,omitempty"`
	// Is is the version or digest now; it is left out for what was removed.
	Is string `json:"is,omitempty"`
}

// Finding is what check prints for each thing that it found.
type Finding struct {
	// Kind is what the finding is about.
	Kind string `json:"kind" jsonschema:"enum=deployfile,enum=model,enum=lock"`
	deployfile.Diagnostic
}

// Version is what version prints.
type Version struct {
	// Version is that of deployfile.
	Version string `json:"version"`
	// Go is the version of the Go toolchain that compiled it.
	Go string `json:"go"`
	// Platform is os/arch.
	Platform string `json:"platform"`
	// BuildKit is the version of the BuildKit library in it.
	BuildKit string `json:"buildkit"`
}

// Builder is what builder status prints of the embedded builder.
type Builder struct {
	// Running reports whether it runs.
	Running bool `json:"running"`
	// PID is the process id of its supervisor.
	PID int `json:"pid,omitempty"`
	// Address is a value for BUILDKIT_HOST.
	Address string `json:"address"`
	// Version is that of BuildKit, if it answers.
	Version string `json:"version,omitempty"`
	// StateDir is the directory with its cache.
	StateDir string `json:"state-dir"`
	// LogFile is the file that it logs to.
	LogFile string `json:"log-file"`
	// DiskUsed is the size of its cache in bytes, if it answers.
	DiskUsed int64 `json:"disk-used"`
}
