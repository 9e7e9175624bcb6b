package build

import "fmt"

// NoFileError says that there is no Deployfile.
type NoFileError struct {
	// Path is where it was looked for.
	Path string
}

// Error names the command that makes one.
func (e *NoFileError) Error() string {
	return "there is no " + e.Path + "; make one with deployfile init, or name another with --file"
}

// UsageError is an option that was given wrongly, or options that do not go
// together.
type UsageError struct {
	// Option is the flag's name, "" if Err says which options are meant.
	Option string
	// Err says what is wrong.
	Err error
}

// Error names the option.
func (e *UsageError) Error() string {
	if e.Option == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("--%s: %v", e.Option, e.Err)
}

// Unwrap returns what is wrong.
func (e *UsageError) Unwrap() error { return e.Err }
