package build

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"path"
	"strconv"

	"github.com/deployfile/deployfile/toolchain"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// In a builder that is not embedded, a process can be started in the server's
// container, with standard input and output. That is enough to reach a server
// without a network, on any machine.
var (
	//go:embed connect.py
	connectSource string
	//go:embed confine.py
	confineSource string
)

// python returns a command that runs a script with the image's Python, without
// its packages.
func python(script string, args ...string) []string {
	return append([]string{path.Join(toolchain.VirtualEnv, "bin", "python"), "-I", "-S", "-B", "-c", script}, args...)
}

// confined returns a command that starts a program without a way to gain
// privileges.
func confined(args []string) []string { return python(confineSource, args...) }

// connectUser runs the process that connects to a server. It is neither root
// nor, unless the Deployfile asks for it, the server's own user, who could
// trace the process.
const connectUser = "65531:65531"

// connect connects to a port of the container's loopback.
func (c *container) connect(ctx context.Context, port int) (io.ReadWriteCloser, error) {
	input, send := io.Pipe()
	receive, output := io.Pipe()
	process, err := c.ctr.Start(ctx, gwclient.StartRequest{
		Args:   confined(python(connectSource, strconv.Itoa(port))),
		User:   connectUser,
		Stdin:  input,
		Stdout: output,
	})
	if err != nil {
		return nil, err
	}
	go func() {
		// When the process ends, the server has sent everything.
		_ = process.Wait()
		_ = output.Close()
		_ = input.Close()
	}()
	return &throughProcess{receive, send}, nil
}

// throughProcess is a connection through a process's input and output.
type throughProcess struct {
	*io.PipeReader
	send *io.PipeWriter
}

// Write sends to the server.
func (p *throughProcess) Write(data []byte) (int, error) { return p.send.Write(data) }

// CloseWrite closes the direction to the server.
func (p *throughProcess) CloseWrite() error { return p.send.Close() }

// Close closes both directions, which ends the process.
func (p *throughProcess) Close() error { return errors.Join(p.PipeReader.Close(), p.send.Close()) }
