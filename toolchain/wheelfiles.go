package toolchain

import _ "embed"

//go:embed wheelfiles.py
var wheelFilesSource []byte

// WheelFiles is the part of scripts that says where the files of a wheel go
// (PEP 427). It stands in front of the scripts that install wheels or look into
// them.
func WheelFiles() []byte { return append([]byte{}, wheelFilesSource...) }
