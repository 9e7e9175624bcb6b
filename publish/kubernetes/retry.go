package kubernetes

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	utilwait "k8s.io/apimachinery/pkg/util/wait"

	"github.com/deployfile/deployfile/publish/internal/wait"
)

const (
	// outageLimit is how long to retry an API server that has answered before,
	// firstLimit one that has not.
	outageLimit = 60 * time.Second
	firstLimit  = 3 * time.Second
	// doubtful is how long after an outage a server may deny requests because it has not
	// loaded all permissions yet.
	doubtful = 10 * time.Second
)

// retry calls f again while the API server is unreachable or temporarily unable to
// answer. f must send the same each time.
func retry[T any](ctx context.Context, c *connection, f func() (T, error)) (T, error) {
	started := time.Now()
	backoff := utilwait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.6, Jitter: 0.2, Steps: 100, Cap: 2 * time.Second}
	for {
		value, err := f()
		switch {
		case err == nil || ctx.Err() != nil:
			if err == nil {
				c.answered.Store(true)
			}
			return value, err
		case unavailable(err):
			c.lastOutage.Store(time.Now().UnixNano())
		case refused(err) && time.Since(time.Unix(0, c.lastOutage.Load())) < doubtful:
		default:
			c.answered.Store(true)
			return value, err
		}
		limit := outageLimit
		if !c.answered.Load() {
			limit = firstLimit
		}
		if time.Since(started) > limit {
			return value, err
		}
		if wait.For(ctx, backoff.Step()) != nil {
			return value, err
		}
	}
}

// try is retry without a value.
func (c *connection) try(ctx context.Context, f func() error) error {
	_, err := retry(ctx, c, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// unavailable reports whether an error comes from an API server that is gone, is
// starting or has too much to do.
func unavailable(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return false
	case errors.As(err, &operation), utilnet.IsConnectionRefused(err), utilnet.IsConnectionReset(err),
		utilnet.IsHTTP2ConnectionLost(err), utilnet.IsTimeout(err),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return true
	case apierrors.IsServiceUnavailable(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err), apierrors.IsTooManyRequests(err):
		return true
	case apierrors.IsInternalError(err):
		// A failing webhook keeps failing; a server without its store is about to stop or
		// still starting.
		return !webhookFailed(err)
	}
	return false
}

// refused reports whether the API server does not allow a request, for whatever
// reason.
func refused(err error) bool {
	return apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) && !quotaExceeded(err)
}
