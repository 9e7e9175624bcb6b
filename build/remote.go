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

// A builder that is not ours lets a process be started in the container of the
// server, and gives its standard input and output. That is all that is needed to
// reach a server without a network, on any machine.
var (
	//go:embed connect.py
	connectSource string
	//go:embed confine.py
	confineSource string
)

// python is a command that runs a script by the image's Python, and nothing of
// its packages.
func python(script string, args ...string) []string {
	return append([]string{path.Join(toolchain.VirtualEnv, "bin", "python"), "-I", "-S", "-B", "-c", script}, args...)
}

// confined starts a program so that it has no way to privileges.
func confined(args []string) []string { return python(confineSource, args...) }

// connectUser is who connects to a server: neither root nor, with any Deployfile that
// does not ask for it, the server's own user, who could trace the process.
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
		// The end of the process is the end of what the server says.
		_ = process.Wait()
		_ = output.Close()
		_ = input.Close()
	}()
	return &throughProcess{receive, send}, nil
}

// throughProcess is a connection by way of a process's input and output.
type throughProcess struct {
	*io.PipeReader
	send *io.PipeWriter
}

// Write implements io.Writer.
func (p *throughProcess) Write(data []byte) (int, error) { return p.send.Write(data) }

// CloseWrite ends what the server is told.
func (p *throughProcess) CloseWrite() error { return p.send.Close() }

// Close ends both directions, and so the process.
func (p *throughProcess) Close() error { return errors.Join(p.PipeReader.Close(), p.send.Close()) }
