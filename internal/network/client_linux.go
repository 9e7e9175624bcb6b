package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Announce tells the server at socket that the container with the host name
// name is a server, which gets limits and neither capabilities nor new
// privileges. The announcement ends when the result is closed.
func Announce(ctx context.Context, socket, name string, limits Limits) (net.Conn, error) {
	conn, _, err := call(ctx, socket, request{Verb: announce, Name: name, Limits: &limits}, -1)
	return conn, err
}

// Dial connects to a port of the container announced as name.
func Dial(ctx context.Context, socket, name string, port uint16) (net.Conn, error) {
	conn, _, err := call(ctx, socket, request{Verb: dial, Name: name, Port: port}, -1)
	return conn, err
}

// Enter moves the calling thread to a new network, for the container with the
// host name name. The caller has locked itself to the thread. The network ends
// when the last process that inherits the file closes it. The limits are nil
// unless the container was announced.
func Enter(ctx context.Context, socket, name string) (file int, limits *Limits, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return -1, nil, fmt.Errorf("make a network: %w", err)
	}
	device, err := open()
	if err != nil {
		return -1, nil, err
	}
	defer unix.Close(device)
	conn, a, err := call(ctx, socket, request{Verb: attach, Name: name}, device)
	if err != nil {
		return -1, nil, err
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return -1, nil, err
	}
	file = -1
	var failed error
	// The copy stays open across exec.
	err = raw.Control(func(fd uintptr) { file, failed = unix.Dup(int(fd)) })
	return file, a.Server, errors.Join(err, failed)
}

// call sends a request, with a file unless it is -1, and reads the answer.
func call(ctx context.Context, socket string, r request, file int) (_ *net.UnixConn, _ *answer, err error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("the builder's networks: %w", err)
	}
	conn := c.(*net.UnixConn)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if !stop() {
			err = errors.Join(context.Cause(ctx), err)
		}
		if err != nil {
			_ = conn.Close()
		}
	}()
	line, err := json.Marshal(r)
	if err != nil {
		return nil, nil, err
	}
	var rights []byte
	if file >= 0 {
		rights = unix.UnixRights(file)
	}
	if _, _, err := conn.WriteMsgUnix(append(line, '\n'), rights, nil); err != nil {
		return nil, nil, fmt.Errorf("the builder's networks: %w", err)
	}
	a, err := readAnswer(conn)
	return conn, a, err
}
