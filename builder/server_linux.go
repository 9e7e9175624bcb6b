package builder

import (
	"context"
	"net"

	"github.com/deployfile/deployfile/internal/network"
)

func announce(ctx context.Context, socket, name string, limits Limits) (net.Conn, error) {
	return network.Announce(ctx, socket, name, limits)
}

func dialServer(ctx context.Context, socket, name string, port uint16) (net.Conn, error) {
	return network.Dial(ctx, socket, name, port)
}
