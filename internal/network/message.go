package network

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits limits a server.
type Limits struct {
	// Memory is in bytes, Processes counts threads, too; 0 means no limit.
	Memory, Processes int64
}

// serverPrefix begins the host name of every server, so that no server is ever
// run as an ordinary step.
const serverPrefix = "deployfile-server-"

// ServerName returns a unique name for a server.
func ServerName() string { return serverPrefix + strings.ToLower(rand.Text()) }

// The verbs of a connection to the server.
const (
	attach   = "attach"   // take over the device that comes along
	announce = "announce" // a container of this name will be a server
	dial     = "dial"     // connect to a port of the container of this name
)

// request is the first message of a connection, a line of JSON.
type request struct {
	Verb   string
	Name   string  `json:",omitempty"`
	Port   uint16  `json:",omitempty"`
	Limits *Limits `json:",omitempty"`
}

// answer is the server's line.
type answer struct {
	Error string `json:",omitempty"`
	// Server has the limits if the attaching container was announced.
	Server *Limits `json:",omitempty"`
}

// maxLine limits a message in bytes.
const maxLine = 4096

// readAnswer reads one line and nothing after it.
func readAnswer(r io.Reader) (*answer, error) {
	var line []byte
	for b := make([]byte, 1); len(line) < maxLine; {
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("the builder's networks do not answer: %w", err)
		}
		if b[0] != '\n' {
			line = append(line, b[0])
			continue
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fmt.Errorf("the builder's networks: %w", err)
		}
		if a.Error != "" {
			return nil, errors.New(a.Error)
		}
		return &a, nil
	}
	return nil, errors.New("the builder's networks: an answer that is too long")
}
