package docker

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	engine "github.com/moby/moby/client"
)

// Logs implements publish.Logger. The error is a *publish.NothingError if the container
// does not exist.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	if _, err := p.newest(ctx); err != nil {
		return err
	}
	return p.host.copyLog(ctx, w, p.host.endpoint, o)
}

func (h *host) copyLog(ctx context.Context, w io.Writer, id string, o publish.LogOptions) error {
	options := engine.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: o.Follow}
	if o.Tail > 0 {
		options.Tail = strconv.Itoa(o.Tail)
	}
	if o.Since > 0 {
		now, err := h.now(ctx)
		if err != nil {
			return err
		}
		options.Since = now.Add(-o.Since).Format(time.RFC3339Nano)
	}
	log, err := h.client.ContainerLogs(ctx, id, options)
	if err != nil {
		return fmt.Errorf("log of container %s: %w", id, err)
	}
	defer log.Close()
	if err := untrusted.CopyEngineLog(w, log); err != nil && ctx.Err() == nil {
		return fmt.Errorf("log of container %s: %w", id, err)
	}
	return nil
}

// Log implements containers.Host.
func (h *host) Log(ctx context.Context, r publish.Record, trial bool) []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectLimit)
	defer cancel()
	name := h.trialName(r)
	if !trial {
		c, err := h.find(ctx, r)
		if err != nil || c == nil {
			return nil
		}
		name = c.ID
	}
	var log containers.LogEnd
	if err := h.copyLog(ctx, &log, name, publish.LogOptions{Tail: publish.LogLines}); err != nil {
		return nil
	}
	return containers.LastLines(log.String(), publish.LogLines)
}
