package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/deployfile/deployfile/internal/network"
)

// dialFunc connects to a server.
type dialFunc func(context.Context) (io.ReadWriteCloser, error)

// forwarder listens for a server and forwards connections to it.
type forwarder struct {
	listener net.Listener
	cancel   context.CancelFunc
	open     sync.WaitGroup
}

// forward listens at an address of this machine.
func forward(ctx context.Context, at netip.AddrPort, dial dialFunc) (*forwarder, error) {
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("listen for the server: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &forwarder{listener: listener, cancel: cancel}
	f.open.Go(func() { f.accept(ctx, dial) })
	return f, nil
}

const (
	// maxConnections limits open connections; more wait.
	maxConnections = 256
	// acceptPause is how long to wait after a failed accept, for example for lack
	// of file descriptors.
	acceptPause = 50 * time.Millisecond
)

func (f *forwarder) accept(ctx context.Context, dial dialFunc) {
	places := make(chan struct{}, maxConnections)
	for {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		conn, err := f.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			<-places
			time.Sleep(acceptPause)
			continue
		}
		f.open.Go(func() {
			defer func() { <-places }()
			hand(ctx, conn, dial)
		})
	}
}

// hand forwards one client. If the server does not accept the connection, the
// client's is closed.
func hand(ctx context.Context, conn net.Conn, dial dialFunc) {
	server, err := dial(ctx)
	if err != nil {
		_ = conn.Close()
		return
	}
	network.Join(ctx, conn, server)
}

// Close closes all connections.
func (f *forwarder) Close() error {
	err := f.listener.Close()
	f.cancel()
	f.open.Wait()
	return err
}
