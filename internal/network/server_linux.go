package network

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Server holds the far ends of the networks of all steps.
type Server struct {
	listener *net.UnixListener

	mu sync.Mutex
	// networks and announced are keyed by the container's host name.
	networks  map[string]*network
	announced map[string]Limits
}

// Listen creates a server on a socket, which must not exist yet.
func Listen(socket string) (*Server, error) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("serve the networks of build steps: %w", err)
	}
	return &Server{listener: listener, networks: map[string]*network{}, announced: map[string]Limits{}}, nil
}

// Serve answers until the server is closed.
func (s *Server) Serve() error {
	for {
		conn, err := s.listener.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// For example, no file descriptor is free until a connection ends.
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go s.handle(conn)
	}
}

// Close ends Serve. Existing networks continue.
func (s *Server) Close() error { return s.listener.Close() }

// requestDeadline is how long a client may take to send its request, and a
// server in a container to accept a connection.
const requestDeadline = 10 * time.Second

func (s *Server) handle(conn *net.UnixConn) {
	defer conn.Close()
	r, file, err := receive(conn)
	switch {
	case err != nil:
	case r.Verb == attach && file >= 0:
		err = s.attach(conn, r.Name, file)
	case file >= 0:
		err = errors.Join(errors.New("a file that nobody asked for"), unix.Close(file))
	case r.Verb == announce && r.Limits != nil:
		err = s.announce(conn, r.Name, *r.Limits)
	case r.Verb == dial:
		err = s.dial(conn, r.Name, r.Port)
	default:
		err = fmt.Errorf("nobody understands %q", r.Verb)
	}
	if err != nil {
		_ = send(conn, answer{Error: err.Error()})
	}
}

// receive reads the request and the file descriptor with it, -1 for none.
func receive(conn *net.UnixConn) (r request, file int, err error) {
	if err := conn.SetDeadline(time.Now().Add(requestDeadline)); err != nil {
		return r, -1, err
	}
	line, rights := make([]byte, maxLine), make([]byte, unix.CmsgSpace(4))
	size, rightsSize, _, _, err := conn.ReadMsgUnix(line, rights)
	if err != nil {
		return r, -1, err
	}
	if file, err = receivedFile(rights[:rightsSize]); err != nil {
		return r, -1, err
	}
	// A short line arrives whole.
	text, ok := bytes.CutSuffix(line[:size], []byte("\n"))
	if err = json.Unmarshal(text, &r); err != nil || !ok {
		err = errors.Join(errors.New("not a request"), err)
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil && file >= 0 {
		err = errors.Join(err, unix.Close(file))
	}
	return r, file, err
}

func receivedFile(rights []byte) (int, error) {
	if len(rights) == 0 {
		return -1, nil
	}
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return -1, err
	}
	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(files[0])
	return files[0], nil
}

func send(conn net.Conn, a answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(line, '\n'))
	return err
}

// attach runs a container's network until its process is gone. It ignores
// further data from the connection.
func (s *Server) attach(conn *net.UnixConn, name string, file int) error {
	n, err := newNetwork(file)
	if err != nil {
		return err
	}
	defer n.close()
	var limits *Limits
	s.mu.Lock()
	if l, ok := s.announced[name]; ok {
		limits = &l
		s.networks[name] = n
	}
	s.mu.Unlock()
	if limits == nil && strings.HasPrefix(name, serverPrefix) {
		return errors.New("the command that wanted the server is gone")
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.networks[name] == n {
			delete(s.networks, name)
		}
	}()
	if err := send(conn, answer{Server: limits}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, conn)
	return nil
}

// announce holds a name until the client closes the connection.
func (s *Server) announce(conn *net.UnixConn, name string, limits Limits) error {
	if !strings.HasPrefix(name, serverPrefix) {
		return fmt.Errorf("%q is not the name of a server", name)
	}
	s.mu.Lock()
	_, taken := s.announced[name]
	if !taken {
		s.announced[name] = limits
	}
	s.mu.Unlock()
	if taken {
		return fmt.Errorf("the name %q is taken", name)
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.announced, name)
	}()
	if err := send(conn, answer{}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, conn)
	return nil
}

func (s *Server) dial(conn *net.UnixConn, name string, port uint16) error {
	s.mu.Lock()
	n := s.networks[name]
	s.mu.Unlock()
	if n == nil {
		return fmt.Errorf("no server %q runs in the builder", name)
	}
	ctx, cancel := context.WithTimeout(n.ctx, requestDeadline)
	defer cancel()
	to, err := n.dialStep(ctx, port)
	if err != nil {
		return fmt.Errorf("the server does not take connections: %w", err)
	}
	if err := send(conn, answer{}); err != nil {
		return errors.Join(err, to.Close())
	}
	Join(n.ctx, conn, to)
	return nil
}
