// Command withbuilder starts a buildkitd, runs a command whose tests use it, and ends
// it. Test packages that run side by side then share what the builder has pulled,
// resolved and installed.
//
// Usage: hack/with-env.sh go run ./hack/withbuilder go test ./...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withbuilder COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withbuilder:", err)
	}
	os.Exit(code)
}

// run returns the exit code of the command.
func run(name string, args []string) (code int, err error) {
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	// A terminal's Ctrl-C is for the command, too; the builder is removed after that.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	command := exec.Command(name, args...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(), lab.BuilderVariable+"="+d.Address)
	err = command.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
