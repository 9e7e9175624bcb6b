package lab

import (
	"context"
	"net"
	"net/http"
	"os/exec"
)

// Network is where a server of the tests is to be.
type Network struct {
	// Address is the IP address that it listens on.
	Address string
	// Command makes a command in the network of the address, and Dial connects
	// to what is there.
	Command func(ctx context.Context, name string, args ...string) *exec.Cmd
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// Loopback returns the network of this machine.
func Loopback() Network {
	return Network{Address: "127.0.0.1", Command: exec.CommandContext, Dial: (&net.Dialer{}).DialContext}
}

// Transport returns how requests get to servers in the network.
func (n Network) Transport() *http.Transport {
	return &http.Transport{DialContext: n.Dial, DisableKeepAlives: true}
}
