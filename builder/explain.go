package builder

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"
)

// How long to wait for an answer of a builder that seems gone.
const explainDeadline = 3 * time.Second

// Explain adds detail to a build error on b if the builder is at fault: a
// *DiskFullError if a disk is full, a *GoneError if the daemon went away. It
// returns any other error, nil, and the error of a build that was cancelled
// while the daemon runs unchanged. It contacts the daemon, so call it before
// Close.
func (b *Builder) Explain(err error) error {
	if err == nil {
		return nil
	}
	if full := b.diskFull(err); full != nil {
		return full
	}
	if !lostConnection(err) || b.alive() {
		return err
	}
	gone := &GoneError{Kind: b.Kind, Address: b.Address, Err: err}
	if b.daemon != nil {
		gone.LogFile, gone.LogTail = b.daemon.logTail()
		if outOfSpace(gone.LogTail) || b.daemon.full() {
			return &DiskFullError{Kind: b.Kind, Address: b.Address, Dir: b.daemon.dir, Err: gone}
		}
	}
	return gone
}

func (b *Builder) diskFull(err error) error {
	full := &DiskFullError{Kind: b.Kind, Address: b.Address, Err: err}
	if b.daemon != nil {
		full.Dir = b.daemon.dir
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		// An errno is lost on the wire, so this one is local.
		full.Local = true
	case outOfSpace(err.Error()):
	default:
		return nil
	}
	return full
}

// outOfSpace looks for the operating system's message, because an errno that
// came over the wire or from a log is lost.
func outOfSpace(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "no space left on device") || strings.Contains(text, "disk quota exceeded")
}

// lostConnection reports whether err may mean that the daemon went away. That
// includes cancelled calls: a daemon that is told to stop cancels its builds.
func lostConnection(err error) bool {
	switch grpcerrors.Code(err) {
	case codes.Unavailable, codes.Canceled:
		return true
	}
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, context.Canceled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// alive asks the daemon for its workers. A daemon that another has replaced
// since Find is not alive.
func (b *Builder) alive() bool {
	if b.daemon != nil && b.daemon.replaced() {
		return false
	}
	_, err := checkWorkers(context.Background(), b.Client, explainDeadline)
	return err == nil
}
