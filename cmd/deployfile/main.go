// Command deployfile packages MLflow models as images: see deployfile help.
package main

import (
	"os"
	"runtime/debug"

	"github.com/deployfile/deployfile/internal/cli"
)

// version is set when the program is linked for a release.
var version = ""

func main() {
	os.Exit(cli.Main(programVersion()))
}

// programVersion is that of the release, else what Go knows of the module:
// `go install` at a version, or the commit that was built.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
