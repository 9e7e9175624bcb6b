package lab

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Meter puts a socket in front of a builder's, and returns its address and how many bytes
// have passed through it so far, both ways together.
func Meter(t *testing.T, builder string) (address string, moved func() int64) {
	t.Helper()
	// Not t.TempDir, whose path is too long for a socket.
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var total atomic.Int64
	var running sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
		_ = os.RemoveAll(dir)
	})
	pass := func(to, from net.Conn) {
		defer to.Close()
		_, _ = io.Copy(to, io.TeeReader(from, counter{&total}))
	}
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", strings.TrimPrefix(builder, "unix://"))
			if err != nil {
				_ = client.Close()
				continue
			}
			running.Go(func() { pass(server, client) })
			running.Go(func() { pass(client, server) })
		}
	})
	return "unix://" + socket, total.Load
}

// counter counts what is written.
type counter struct{ total *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.total.Add(int64(len(p)))
	return len(p), nil
}
