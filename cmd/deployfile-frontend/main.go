// Command deployfile-frontend is the BuildKit gateway frontend that
// docker buildx build runs for a Deployfile.
package main

import (
	"fmt"
	"os"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"
)

func main() {
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Build); err != nil {
		fmt.Fprintln(terminal.NewWriter(os.Stderr), "deployfile-frontend:", err)
		os.Exit(1)
	}
}
