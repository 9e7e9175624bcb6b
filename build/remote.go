package build

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/deployfile/deployfile/toolchain"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
)

// In a builder that is not embedded, a process can be started in the server's
// container, with standard input and output. That is enough to reach a server
// without a network, on any machine.
//
// BuildKit v0.33 ends a container when one of its processes fails, ends the stream of all
// processes when input comes for one that has ended, and its client then waits for ever,
// as it does when an output refuses what is written to it. So the first process outlives
// the server, one that connects to it ends only when its input does, and outputs drop what
// nobody reads.
var (
	//go:embed connect.py
	connectSource string
	//go:embed confine.py
	confineSource string
	//go:embed supervise.py
	superviseSource string
)

// python returns a command that runs a script with the image's Python, without
// its packages.
func python(script string, args ...string) []string {
	return append([]string{path.Join(toolchain.VirtualEnv, "bin", "python"), "-I", "-S", "-B", "-c", script}, args...)
}

// confined returns a command that starts a program without a way to gain
// privileges.
func confined(args []string) []string { return python(confineSource, args...) }

// supervised returns a command that runs a server, writes its exit code to standard
// error and stays.
func supervised(args []string) []string { return python(superviseSource, args...) }

// exitCode calls ended with the code that supervise.py writes. What the server printed
// comes in messages of its own, and may be a moment late.
type exitCode struct {
	ended func(error)
	line  bytes.Buffer
}

// maxExitCode limits the line; the server could write to it, too.
const maxExitCode = 16

// Write takes a part of the line.
func (e *exitCode) Write(data []byte) (int, error) {
	if e.line.Len() < maxExitCode {
		e.line.Write(data[:min(len(data), maxExitCode)])
		if text, _, whole := bytes.Cut(e.line.Bytes(), []byte("\n")); whole {
			code, err := strconv.ParseUint(string(text), 10, 8)
			if err == nil && code != 0 {
				err = &gatewayapi.ExitError{ExitCode: uint32(code)}
			}
			time.AfterFunc(lastEventsDelay, func() { e.ended(err) })
		}
	}
	return len(data), nil
}

// connectUser runs the process that connects to a server. It is neither root
// nor, unless the Deployfile asks for it, the server's own user, who could
// trace the process.
const connectUser = "65531:65531"

// startDeadline is how long the builder may take to say that a process has begun.
const startDeadline = time.Minute

// connect connects to a port of the container's loopback.
func (c *container) connect(ctx context.Context, port int) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(startDeadline, func() { cancel(fmt.Errorf("the builder started no process within %s", startDeadline)) })
	input, send := io.Pipe()
	receive, output := io.Pipe()
	process, err := c.ctr.Start(ctx, gwclient.StartRequest{
		Args:   confined(python(connectSource, strconv.Itoa(port))),
		User:   connectUser,
		Stdin:  input,
		Stdout: dropping{output},
	})
	if !late.Stop() && err != nil {
		err = context.Cause(ctx)
		c.end(err)
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	go func() {
		defer cancel(nil)
		if err := process.Wait(); err != nil {
			c.end(fmt.Errorf("connect to the server in the builder: %w", err))
		}
		_ = output.Close()
		_ = input.Close()
	}()
	return &throughProcess{frames: frames{from: receive}, receive: receive, send: send}, nil
}

// dropping drops what its writer does not take.
type dropping struct{ io.WriteCloser }

// Write never fails.
func (d dropping) Write(data []byte) (int, error) {
	_, _ = d.WriteCloser.Write(data)
	return len(data), nil
}

// frames reads what connect.py puts out.
type frames struct {
	from io.Reader
	// left is how much of the frame is to come.
	left uint32
}

// Read reads up to the end of a frame.
func (f *frames) Read(data []byte) (int, error) {
	if f.left == 0 {
		if err := binary.Read(f.from, binary.BigEndian, &f.left); err != nil {
			return 0, err
		}
		if f.left == 0 {
			return 0, io.EOF
		}
	}
	n, err := f.from.Read(data[:min(uint64(len(data)), uint64(f.left))])
	f.left -= uint32(n)
	return n, err
}

// throughProcess is a connection through a process's input and output.
type throughProcess struct {
	frames
	receive *io.PipeReader
	send    *io.PipeWriter
}

// Write sends to the server.
func (p *throughProcess) Write(data []byte) (int, error) { return p.send.Write(data) }

// CloseWrite closes the direction to the server.
func (p *throughProcess) CloseWrite() error { return p.send.Close() }

// Close closes both directions, which ends the process.
func (p *throughProcess) Close() error { return errors.Join(p.receive.Close(), p.send.Close()) }

// ending is how a server ended, told once.
type ending struct {
	once sync.Once
	// told is closed when err is set.
	told chan struct{}
	err  error
}

// end tells how the server ended; what comes later changes nothing.
func (e *ending) end(err error) {
	e.once.Do(func() {
		e.err = err
		close(e.told)
	})
}
