package build

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/builder"
)

// The values of Options.Network.
const (
	networkDefault = "default"
	networkHost    = "host"
	networkNone    = "none"
)

func checkNetwork(network string) error {
	switch network {
	case "", networkDefault, networkHost, networkNone:
		return nil
	}
	return &UsageError{Option: "network", Err: fmt.Errorf("%q is not one of %s, %s, %s", network, networkDefault, networkHost, networkNone)}
}

// LoopbackError reports a failed build with a step that connected to the
// loopback, which is not the machine's in a step.
type LoopbackError struct {
	// Err is the build's error.
	Err error
}

// Error adds what to do.
func (e *LoopbackError) Error() string {
	return e.Err.Error() + "\nSteps of the embedded builder do not reach the loopback of this machine. If they are to, add --network host."
}

// Unwrap returns the build's error.
func (e *LoopbackError) Unwrap() error { return e.Err }

// explainLoopback recognises a refused connection to the loopback by the
// message of the program that tried.
func explainLoopback(b *builder.Builder, network string, err error) error {
	if b.Kind != builder.Embedded || network == networkHost || strings.Contains(err.Error(), "failed to push") {
		// The builder pushes itself, from this machine.
		return err
	}
	loopback := regexp.MustCompile(`(?i)\b(127(\.\d{1,3}){3}|localhost)[:/]|\[::1\]`)
	if text := err.Error(); strings.Contains(strings.ToLower(text), "connection refused") && loopback.MatchString(text) {
		return &LoopbackError{Err: err}
	}
	return err
}
