package builder

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/deployfile/deployfile/builder/network"
)

// DefaultProcesses is how many processes and threads a server may have unless it
// is said: far more than any that was seen, and less than a machine has.
const DefaultProcesses = 4096

// Limits bound a server. A zero stands for DefaultProcesses, and for the memory
// that a step has, see Builder.StepMemory.
type Limits = network.Limits

// Server is a place for a container that serves, and the way to it. The embedded
// builder gives such a container a network of its own that reaches what build
// steps reach, the limits, and neither a capability nor new privileges.
type Server struct {
	// Name is the host name that the container must have.
	Name string

	socket string
	place  net.Conn
}

// NewServer makes a place for a server in the embedded builder b, until it is
// closed.
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
	if s.place, err = announce(ctx, s.socket, s.Name, limits); err != nil {
		return nil, fmt.Errorf("%w; if an older deployfile started the builder, run deployfile builder stop", err)
	}
	return s, nil
}

// Dial connects to a port of the server.
func (s *Server) Dial(ctx context.Context, port int) (net.Conn, error) {
	return dialServer(ctx, s.socket, s.Name, uint16(port))
}

// Close gives the place back.
func (s *Server) Close() error { return s.place.Close() }
