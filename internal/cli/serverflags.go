package cli

import (
	"fmt"
	"net/netip"

	"github.com/deployfile/deployfile/builder"
	"github.com/spf13/pflag"
)

// serverFlags limit the server that a command starts.
type serverFlags struct {
	memory    byteSize
	processes int64
}

func (f *serverFlags) add(flags *pflag.FlagSet) {
	flags.Var(&f.memory, "memory", "how much memory the server may have, a `SIZE` (default: three quarters of the machine's)")
	flags.Lookup("memory").DefValue = ""
	flags.Int64Var(&f.processes, "pids-limit", 0, fmt.Sprintf("the `NUMBER` of processes and threads that the server may have (default: %d)", builder.DefaultProcesses))
}

// limits returns the limits that the flags set.
func (f *serverFlags) limits() (builder.Limits, error) {
	if f.processes < 0 {
		return builder.Limits{}, &usageError{fmt.Errorf("--pids-limit: invalid number of processes %d", f.processes)}
	}
	return builder.Limits{Memory: int64(f.memory), Processes: f.processes}, nil
}

// loopback is the default address of a server.
const loopback = "127.0.0.1"

// listenAddress returns where a server is to listen.
func listenAddress(host string, port int) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, &usageError{fmt.Errorf("--host: invalid IP address %q", host)}
	}
	if port < 1 || port > 65535 {
		return netip.AddrPort{}, &usageError{fmt.Errorf("--port: %d is not from 1 to 65535", port)}
	}
	return netip.AddrPortFrom(addr, uint16(port)), nil
}
