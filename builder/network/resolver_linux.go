package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/moby/buildkit/util/resolvconf"
)

const (
	resolvConf = "/etc/resolv.conf"
	// A client asks again after five seconds: resolv.conf(5).
	resolverDeadline = 2 * time.Second
	nameIdle         = 10 * time.Second
)

// resolvers are the machine's own, in its order, read each time: a laptop
// changes them. They may be anywhere, on the loopback too, and nothing but names
// is asked there.
func resolvers() ([]string, error) {
	file, err := resolvconf.Load(resolvConf)
	if err != nil {
		return nil, fmt.Errorf("the machine's resolvers: %w", err)
	}
	addrs := file.NameServers()
	if len(addrs) == 0 {
		addrs = []netip.Addr{netip.MustParseAddr("127.0.0.1")} // resolv.conf(5)
	}
	var out []string
	for _, a := range addrs {
		out = append(out, net.JoinHostPort(a.String(), strconv.Itoa(dnsPort)))
	}
	return out, nil
}

// dialResolver connects to the first resolver that takes the connection.
func (n *network) dialResolver(network string) (net.Conn, error) {
	all, err := resolvers()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, address := range all {
		dialer := net.Dialer{Timeout: resolverDeadline}
		conn, err := dialer.DialContext(n.ctx, network, address)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// answerNames answers the questions that come as datagrams from one port.
func (n *network) answerNames(in net.Conn) {
	for {
		question := make([]byte, maxDatagram)
		if err := in.SetReadDeadline(time.Now().Add(nameIdle)); err != nil {
			return
		}
		size, err := in.Read(question)
		if err != nil {
			return
		}
		// Both addresses of a name are asked for at once.
		if !n.take() {
			continue
		}
		go func() {
			defer n.release()
			if answer, err := n.ask(question[:size]); err == nil {
				_, _ = in.Write(answer)
			}
		}()
	}
}

// The header of a message: RFC 1035, 4.1.1.
const (
	headerSize     = 12
	refusedCode    = 5
	notImplemented = 4
	failureCode    = 2
)

// ask puts a question to the resolvers, one after the other as a C library does,
// until one has an answer.
func (n *network) ask(question []byte) ([]byte, error) {
	if len(question) < headerSize {
		return nil, errors.New("not a question")
	}
	all, err := resolvers()
	if err != nil {
		return nil, err
	}
	var answer []byte
	var errs []error
	for _, address := range all {
		got, err := n.askOne(address, question)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		answer = got
		switch got[3] & 0x0f {
		case failureCode, notImplemented, refusedCode:
			continue
		}
		break
	}
	if answer == nil {
		return nil, errors.Join(errs...)
	}
	return answer, nil
}

func (n *network) askOne(address string, question []byte) ([]byte, error) {
	dialer := net.Dialer{Timeout: resolverDeadline}
	conn, err := dialer.DialContext(n.ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(resolverDeadline)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	answer := make([]byte, maxDatagram)
	for {
		size, err := conn.Read(answer)
		if err != nil {
			return nil, err
		}
		if size >= headerSize && answer[0] == question[0] && answer[1] == question[1] {
			return answer[:size], nil
		}
	}
}
