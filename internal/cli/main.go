// Package cli is the command line of deployfile.
//
// Each command is a file of its own: the flags, and a function that does the
// work and that a test can call. What several of them share is in flags.go
// (flags), project.go (reading the Deployfile), targets.go (its targets and the
// connections to them), release.go (what is deployed), steps.go (what is shown
// meanwhile), serve.go (starting an image) and errors.go (errors and exit
// codes).
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/sirupsen/logrus"
	"k8s.io/klog/v2"
)

// Main runs the command line of the process and returns its exit code. The
// version is that of the program.
func Main(version string) int {
	// The logs of BuildKit's, containerd's and Kubernetes' libraries do not help a user.
	logrus.SetOutput(io.Discard)
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	return run(ctx, version, os.Args[1:], standard(os.Stdin, os.Stdout, os.Stderr))
}
