package build

import "fmt"

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
