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

	"github.com/deployfile/deployfile/builder/network"
)

// dialFunc connects to a server, wherever that is.
type dialFunc func(context.Context) (io.ReadWriteCloser, error)

// forwarder listens for a server and hands connections on to it.
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
	// maxConnections is how many connections are open at once; more wait.
	maxConnections = 256
	// acceptPause is how long one waits that could not be taken, for want of
	// files say.
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

// hand connects one client. Where the server takes no connection, the client
// sees its own end.
func hand(ctx context.Context, conn net.Conn, dial dialFunc) {
	server, err := dial(ctx)
	if err != nil {
		_ = conn.Close()
		return
	}
	network.Join(ctx, conn, server)
}

// Close ends all connections.
func (f *forwarder) Close() error {
	err := f.listener.Close()
	f.cancel()
	f.open.Wait()
	return err
}
