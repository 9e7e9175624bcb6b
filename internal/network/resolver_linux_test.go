package network

import (
	"net"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// TestCheckQuestion lets through what a C library asks, and nothing by which a
// resolver is told or gives away more.
func TestCheckQuestion(t *testing.T) {
	ask := func(change func(*dnsmessage.Message)) []byte {
		m := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: 1, RecursionDesired: true},
			Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName("example.com."), Type: dnsmessage.TypeAAAA, Class: dnsmessage.ClassINET}},
		}
		change(&m)
		data, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if err := checkQuestion(ask(func(*dnsmessage.Message) {})); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*dnsmessage.Message){
		"an answer":        func(m *dnsmessage.Message) { m.Response = true },
		"an update":        func(m *dnsmessage.Message) { m.OpCode = 5 },
		"a notice":         func(m *dnsmessage.Message) { m.OpCode = 4 },
		"a zone":           func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeAXFR },
		"a zone's changes": func(m *dnsmessage.Message) { m.Questions[0].Type = 251 },
		"the server's own": func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS },
		"nothing":          func(m *dnsmessage.Message) { m.Questions = nil },
		"two at a time":    func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) },
	} {
		if checkQuestion(ask(change)) == nil {
			t.Errorf("%s passes", name)
		}
	}
	for _, text := range []string{"", "GET / HTTP/1.1\r\n\r\n"} {
		if checkQuestion([]byte(text)) == nil {
			t.Errorf("%q passes", text)
		}
	}
}

// TestMessages reads what was written, behind its length.
func TestMessages(t *testing.T) {
	a, b := net.Pipe()
	go func() { _ = writeMessage(a, []byte("question")) }()
	if got, err := readMessage(b); err != nil || string(got) != "question" {
		t.Errorf("%q, %v", got, err)
	}
}
