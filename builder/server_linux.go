package builder

import (
	"context"
	"fmt"
	"net"

	"github.com/deployfile/deployfile/builder/network"
	"golang.org/x/sys/unix"
)

func announce(ctx context.Context, socket, name string, limits Limits) (net.Conn, error) {
	if limits.Processes == 0 {
		limits.Processes = DefaultProcesses
	}
	if limits.Memory == 0 {
		var machine unix.Sysinfo_t
		if err := unix.Sysinfo(&machine); err != nil {
			return nil, fmt.Errorf("the machine's memory: %w", err)
		}
		limits.Memory = int64(float64(machine.Totalram) * float64(machine.Unit) * MemoryShare)
	}
	return network.Announce(ctx, socket, name, limits)
}

func dialServer(ctx context.Context, socket, name string, port uint16) (net.Conn, error) {
	return network.Dial(ctx, socket, name, port)
}
