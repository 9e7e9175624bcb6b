// Command deployfile packages MLflow models as images: see deployfile help.
package main

import (
	"os"

	"github.com/deployfile/deployfile/internal/cli"
)

// version is set when the program is linked.
var version = "devel"

func main() {
	os.Exit(cli.Main(version))
}
