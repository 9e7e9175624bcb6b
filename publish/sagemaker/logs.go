package sagemaker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

var (
	_ publish.Logger  = (*Publisher)(nil)
	_ publish.Witness = (*rollout)(nil)
)

// mostEvents limits the lines that are held in memory.
const mostEvents = 100_000

// group is the log group of the endpoint, which its instances write.
func (c *connection) group() string { return "/aws/sagemaker/Endpoints/" + c.endpoint }

// windows are how far back the last lines of a log are looked for: an idle server has
// written none for days, and all of a log may be gigabytes.
func windows() []time.Duration {
	return []time.Duration{time.Hour, 24 * time.Hour, 14 * 24 * time.Hour, 0}
}

// Logs implements publish.Logger. Each line has its stream's name in brackets in front:
// variant and instance.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	events, err := p.first(ctx, o)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	from := time.Now().Add(-time.Minute)
	show := lastOf(events, o.Tail)
	for {
		for _, e := range show {
			if id := aws.ToString(e.EventId); !seen[id] {
				if _, err := fmt.Fprintf(w, "[%s] %s\n", aws.ToString(e.LogStreamName), strings.TrimRight(aws.ToString(e.Message), "\n")); err != nil {
					return err
				}
			}
		}
		for _, e := range events {
			seen[aws.ToString(e.EventId)] = true
		}
		if !o.Follow || wait.For(ctx, max(p.poll/2, time.Millisecond)) != nil {
			return nil
		}
		now := time.Now()
		if events, err = p.events(ctx, from); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		show = events
		// A line may come late.
		from = now.Add(-time.Minute)
	}
}

// first returns the lines to begin with.
func (c *connection) first(ctx context.Context, o publish.LogOptions) ([]types.FilteredLogEvent, error) {
	if o.Since > 0 || o.Tail == 0 {
		return c.events(ctx, after(o.Since))
	}
	for _, window := range windows() {
		events, err := c.events(ctx, after(window))
		if err != nil || len(events) > 0 {
			return events, err
		}
	}
	return nil, nil
}

// after returns the time so long ago, the beginning for 0.
func after(age time.Duration) time.Time {
	if age == 0 {
		return time.Time{}
	}
	return time.Now().Add(-age)
}

// lastOf returns the last n lines of each stream, all for 0.
func lastOf(events []types.FilteredLogEvent, n int) []types.FilteredLogEvent {
	if n == 0 {
		return events
	}
	left := map[string]int{}
	for _, e := range events {
		left[aws.ToString(e.LogStreamName)]++
	}
	var out []types.FilteredLogEvent
	for _, e := range events {
		stream := aws.ToString(e.LogStreamName)
		if left[stream] <= n {
			out = append(out, e)
		}
		left[stream]--
	}
	return out
}

// events returns the lines of the endpoint since a time.
func (c *connection) events(ctx context.Context, from time.Time) ([]types.FilteredLogEvent, error) {
	return c.eventsOf(ctx, c.group(), "", from)
}

// eventsOf returns the lines of a group since a time, of the streams whose names have a
// prefix. Without a group nothing was written yet.
func (c *connection) eventsOf(ctx context.Context, group, streams string, from time.Time) ([]types.FilteredLogEvent, error) {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group)}
	if streams != "" {
		in.LogStreamNamePrefix = aws.String(streams)
	}
	if !from.IsZero() {
		in.StartTime = aws.Int64(from.UnixMilli())
	}
	var out []types.FilteredLogEvent
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(c.logs, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var none *types.ResourceNotFoundException
		if errors.As(err, &none) {
			return nil, nil
		}
		if err != nil {
			return nil, refused("read the log "+group, err)
		}
		out = append(out, page.Events...)
		if len(out) > mostEvents {
			out = out[len(out)-mostEvents:]
		}
	}
	return out, nil
}

// Evidence implements publish.Witness with what the instances of this rollout have logged.
func (r *rollout) Evidence(ctx context.Context, _ error) (log, events []string) {
	ctx, cancel := context.WithTimeout(ctx, publish.StopLimit)
	defer cancel()
	lines, err := r.events(ctx, r.plan.Record.At)
	if err != nil {
		return nil, []string{"the log of the new instances is not known: " + err.Error()}
	}
	if len(lines) == 0 {
		return nil, []string{"the new instances have logged nothing in " + r.group() + ": the execution role may lack logs:CreateLogStream and logs:PutLogEvents"}
	}
	for _, e := range lines[max(0, len(lines)-publish.LogLines):] {
		log = append(log, strings.TrimRight(aws.ToString(e.Message), "\r\n"))
	}
	return log, nil
}
