package deployfile

import "fmt"

// TargetError is an error about one target.
type TargetError struct {
	// Name is that of the target.
	Name string
	Err  error
}

// Error names the target.
func (e *TargetError) Error() string { return fmt.Sprintf("target %q: %v", e.Name, e.Err) }

// Unwrap returns the error without the name.
func (e *TargetError) Unwrap() error { return e.Err }
