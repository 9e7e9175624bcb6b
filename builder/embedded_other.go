//go:build !linux

package builder

import (
	"context"
	"errors"
	"net"
)

var errNeedsLinux = errors.New("the embedded builder needs Linux: start Docker, or give the address of a BuildKit (BUILDKIT_HOST or --builder)")

func dialEmbedded(context.Context, Options) (*Builder, error) { return nil, errNeedsLinux }

// Supervise needs Linux.
func Supervise(context.Context, SuperviseOptions) error { return errNeedsLinux }

// EmbeddedStatus needs Linux.
func EmbeddedStatus(context.Context, Options) (Status, error) { return Status{}, errNeedsLinux }

// StopEmbedded needs Linux.
func StopEmbedded(context.Context, Options) (bool, error) { return false, errNeedsLinux }

func (d *daemon) full() bool { return false }

func announce(context.Context, string, string, Limits) (net.Conn, error) { return nil, errNeedsLinux }

func dialServer(context.Context, string, string, uint16) (net.Conn, error) {
	return nil, errNeedsLinux
}
