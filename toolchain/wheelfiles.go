package toolchain

import _ "embed"

//go:embed wheelfiles.py
var wheelFilesSource []byte

// WheelFiles returns the part of scripts that maps the files of a wheel to
// paths (PEP 427). It precedes scripts that install or inspect wheels.
func WheelFiles() []byte { return append([]byte{}, wheelFilesSource...) }
