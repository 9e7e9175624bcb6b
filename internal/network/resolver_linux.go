package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/moby/buildkit/util/resolvconf"
	"golang.org/x/net/dns/dnsmessage"
)

const (
	resolvConf = "/etc/resolv.conf"
	// A client retries after five seconds: resolv.conf(5).
	resolverDeadline = 2 * time.Second
	nameIdle         = 10 * time.Second
)

// resolvers returns the machine's own resolvers, in order. They are read each
// time, because a laptop changes them. They may be anywhere, even on the
// loopback, but get only DNS queries.
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

// dialResolver connects to the first resolver that accepts the connection.
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

// toNames reports whether a step asks the gateway for DNS.
func toNames(to netip.AddrPort) bool { return to.Addr() == Gateway() && to.Port() == dnsPort }

// checkQuestion refuses anything but one query for a name: a resolver that
// trusts the machine may accept updates of a zone (RFC 2136) or transfer a
// whole zone (RFC 5936).
func checkQuestion(message []byte) error {
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil {
		return err
	}
	questions, err := p.AllQuestions()
	if err != nil {
		return err
	}
	const transferOfChanges = 251 // IXFR, RFC 1995
	if header.Response || header.OpCode != 0 || len(questions) != 1 || questions[0].Class != dnsmessage.ClassINET ||
		questions[0].Type == dnsmessage.TypeAXFR || questions[0].Type == transferOfChanges {
		return errors.New("not a question for a name")
	}
	return nil
}

// answerStream answers the queries of a connection, each preceded by its length
// (RFC 1035, 4.2.2).
func (n *network) answerStream(in net.Conn) {
	defer in.Close()
	stop := context.AfterFunc(n.ctx, func() { _ = in.Close() })
	defer stop()
	for in.SetDeadline(time.Now().Add(nameIdle)) == nil {
		question, err := readMessage(in)
		if err != nil || checkQuestion(question) != nil {
			return
		}
		answer, err := n.askStream(question)
		if err != nil || writeMessage(in, answer) != nil {
			return
		}
	}
}

func (n *network) askStream(question []byte) ([]byte, error) {
	conn, err := n.dialResolver("tcp")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(resolverDeadline)); err != nil {
		return nil, err
	}
	if err := writeMessage(conn, question); err != nil {
		return nil, err
	}
	return readMessage(conn)
}

func readMessage(from io.Reader) ([]byte, error) {
	var size uint16
	if err := binary.Read(from, binary.BigEndian, &size); err != nil {
		return nil, err
	}
	message := make([]byte, size)
	_, err := io.ReadFull(from, message)
	return message, err
}

func writeMessage(to io.Writer, message []byte) error {
	_, err := to.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}

// answerNames answers queries in datagrams from one port.
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
		// Clients query both addresses of a name at once.
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

// ask sends a query to the resolvers, one after the other as a C library does,
// until one answers.
func (n *network) ask(question []byte) ([]byte, error) {
	if err := checkQuestion(question); err != nil {
		return nil, err
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
