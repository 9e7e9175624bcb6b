package docker

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/pkg/stdcopy"
	engine "github.com/moby/moby/client"
)

// Logs implements publish.Logger. The error is a *publish.NothingError if there
// is no container.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	current, err := p.current(ctx)
	if err != nil {
		return err
	}
	if current == nil {
		return &publish.NothingError{Endpoint: p.endpoint}
	}
	return p.copyLog(ctx, w, current.ID, o)
}

func (p *Publisher) copyLog(ctx context.Context, w io.Writer, id string, o publish.LogOptions) error {
	options := engine.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: o.Follow}
	if o.Tail > 0 {
		options.Tail = strconv.Itoa(o.Tail)
	}
	if o.Since > 0 {
		now, err := p.now(ctx)
		if err != nil {
			return err
		}
		options.Since = now.Add(-o.Since).Format(time.RFC3339Nano)
	}
	log, err := p.client.ContainerLogs(ctx, id, options)
	if err != nil {
		return fmt.Errorf("log of container %s: %w", id, err)
	}
	defer log.Close()
	if _, err := stdcopy.StdCopy(w, w, log); err != nil && ctx.Err() == nil {
		return fmt.Errorf("log of container %s: %w", id, err)
	}
	return nil
}

// lastLines are for an error that is there already, so that they are none if
// they cannot be had.
func (p *Publisher) lastLines(ctx context.Context, name string) []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectLimit)
	defer cancel()
	var log strings.Builder
	if err := p.copyLog(ctx, &log, name, publish.LogOptions{Tail: serving.LogLines}); err != nil {
		return nil
	}
	return serving.LastLines(log.String(), serving.LogLines)
}
