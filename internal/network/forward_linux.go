package network

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/deployfile/deployfile/internal/guarded"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// forwardTCP connects a step to the address that it asks for. If that is
// refused or fails, the step sees "connection refused".
func (n *network) forwardTCP(r *tcp.ForwarderRequest) {
	if !n.take() {
		r.Complete(true)
		return
	}
	defer n.release()
	id := r.ID()
	to := addrPort(id.LocalAddress, id.LocalPort)
	if toNames(to) {
		var queue waiter.Queue
		endpoint, failed := r.CreateEndpoint(&queue)
		r.Complete(failed != nil)
		if failed == nil {
			n.answerStream(gonet.NewTCPConn(&queue, endpoint))
			n.drain(endpoint)
		}
		return
	}
	out, err := n.dial("tcp", to)
	if err != nil {
		// If the machine got no answer, the step gets none.
		var silence net.Error
		r.Complete(!errors.As(err, &silence) || !silence.Timeout())
		return
	}
	n.connect(r, out)
}

// connect accepts a step's connection and joins it with out, until the step has
// received everything.
func (n *network) connect(r *tcp.ForwarderRequest, out net.Conn) {
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	r.Complete(failed != nil)
	if failed != nil {
		_ = out.Close()
		return
	}
	Join(n.ctx, gonet.NewTCPConn(&queue, endpoint), out)
	n.drain(endpoint)
}

const (
	// untakenDeadline is how long unread data waits for the step after the other
	// end has closed the connection.
	untakenDeadline = time.Minute
	untakenPause    = 100 * time.Millisecond
)

// drain keeps a connection that both ends have closed in its slot until the
// step has read what it was sent: the stack keeps that data as long as the
// step's window is full.
func (n *network) drain(endpoint tcpip.Endpoint) {
	end := time.Now().Add(untakenDeadline)
	for time.Now().Before(end) && n.ctx.Err() == nil {
		switch tcp.EndpointState(endpoint.State()) {
		case tcp.StateEstablished, tcp.StateFinWait1, tcp.StateCloseWait, tcp.StateLastAck, tcp.StateClosing:
			time.Sleep(untakenPause)
		default:
			return
		}
	}
	endpoint.Abort()
}

const (
	// datagramIdle is how long a UDP flow may be silent.
	datagramIdle = time.Minute
	maxDatagram  = 64 << 10
)

// forwardUDP connects a UDP flow; false means refused. It runs between two
// packets of the step, so it must not block.
func (n *network) forwardUDP(r *udp.ForwarderRequest) bool {
	id := r.ID()
	to := addrPort(id.LocalAddress, id.LocalPort)
	names := toNames(to)
	if !names && guarded.Check(to.Addr(), find) != nil {
		return false
	}
	if !n.take() {
		return true
	}
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	if failed != nil {
		n.release()
		return true
	}
	in := gonet.NewUDPConn(&queue, endpoint)
	go func() {
		defer n.release()
		defer in.Close()
		if names {
			n.answerNames(in)
			return
		}
		// Dialling UDP sends nothing.
		out, err := n.dial("udp", to)
		if err != nil {
			return
		}
		joinDatagrams(n.ctx, in, out)
	}()
	return true
}

// joinDatagrams copies datagrams in both directions until none arrived for
// datagramIdle.
func joinDatagrams(ctx context.Context, a, b net.Conn) {
	closeBoth := func() {
		_ = a.Close()
		_ = b.Close()
	}
	defer closeBoth()
	stop := context.AfterFunc(ctx, closeBoth)
	defer stop()
	idle := time.AfterFunc(datagramIdle, closeBoth)
	defer idle.Stop()
	hand := func(to, from net.Conn) {
		buffer := make([]byte, maxDatagram)
		for {
			size, err := from.Read(buffer)
			if err == nil {
				idle.Reset(datagramIdle)
				_, err = to.Write(buffer[:size])
			}
			// "Connection refused" answers one datagram and does not end the flow.
			if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
				return
			}
		}
	}
	ended := make(chan struct{})
	go func() {
		hand(a, b)
		close(ended)
	}()
	hand(b, a)
	closeBoth()
	<-ended
}
