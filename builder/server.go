package builder

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/deployfile/deployfile/internal/network"
)

// DefaultProcesses is the default limit of a server's processes and threads:
// far more than any server uses, and fewer than a machine supports.
const DefaultProcesses = 4096

// Limits limits a server. Zero means DefaultProcesses, and for memory the limit
// of a step, see Builder.StepMemory.
type Limits = network.Limits

// Server is the network of a serving container, and the connection to it. The
// embedded builder gives such a container a network that reaches what build
// steps reach, the limits, and neither capabilities nor new privileges.
type Server struct {
	// Name is the required host name of the container.
	Name string

	socket       string
	announcement net.Conn
}

// NewServer announces a server to the embedded builder b, until it is closed.
func (b *Builder) NewServer(ctx context.Context, limits Limits) (*Server, error) {
	if b.daemon == nil {
		return nil, errors.New("only the embedded builder has networks for servers")
	}
	if limits.Processes == 0 {
		limits.Processes = DefaultProcesses
	}
	if limits.Memory == 0 {
		limits.Memory = b.StepMemory
	}
	s := &Server{Name: network.ServerName(), socket: b.daemon.networkSocket()}
	var err error
	if s.announcement, err = announce(ctx, s.socket, s.Name, limits); err != nil {
		return nil, fmt.Errorf("%w; if an older deployfile started the builder, run deployfile builder stop", err)
	}
	return s, nil
}

// Dial connects to a port of the server.
func (s *Server) Dial(ctx context.Context, port int) (net.Conn, error) {
	return dialServer(ctx, s.socket, s.Name, uint16(port))
}

// Close ends the announcement.
func (s *Server) Close() error { return s.announcement.Close() }
