package build

import "fmt"

// NoFileError reports a missing Deployfile.
type NoFileError struct {
	// Path is the path of the missing file.
	Path string
}

// Error names the command that creates a Deployfile.
func (e *NoFileError) Error() string {
	return "there is no " + e.Path + "; create one with deployfile init, or name another with --file"
}

// UsageError reports an invalid option, or options that exclude each other.
type UsageError struct {
	// Option is the flag's name, "" if Err says which options are meant.
	Option string
	// Err is the reason.
	Err error
}

// Error names the option.
func (e *UsageError) Error() string {
	if e.Option == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("--%s: %v", e.Option, e.Err)
}

// Unwrap returns the reason.
func (e *UsageError) Unwrap() error { return e.Err }
