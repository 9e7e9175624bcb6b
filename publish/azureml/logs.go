package azureml

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	api "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/machinelearning/armmachinelearning/v4"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

var _ publish.Logger = (*Publisher)(nil)

// mostLines is how many lines of a log are asked for at a time.
const mostLines = 10_000

// enough is how many lines tell what was shown already.
const enough = 100

// Logs implements publish.Logger. Each line has its deployment's name in brackets in front.
// Azure has no way to follow a log, so it is asked for again and again, and what was there
// before is left out.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	if o.Since > 0 {
		return errors.New("the log of Azure has no times by which to ask for it: use --tail")
	}
	shown, tail := map[string][]string{}, o.Tail
	if tail == 0 || tail > mostLines {
		tail = mostLines
	}
	for {
		_, ds, err := p.look(ctx)
		if err != nil {
			return ended(ctx, o, err)
		}
		for _, name := range slices.Sorted(maps.Keys(ds)) {
			lines, err := p.lines(ctx, name, api.ContainerTypeInferenceServer, tail)
			if missing(err) {
				continue // it was deleted meanwhile
			}
			if err != nil {
				return ended(ctx, o, err)
			}
			for _, line := range lines[overlap(shown[name], lines):] {
				if _, err := fmt.Fprintf(w, "[%s] %s\n", name, line); err != nil {
					return err
				}
			}
			shown[name] = lines[max(0, len(lines)-enough):]
		}
		if !o.Follow || wait.For(ctx, max(p.poll/2, 1)) != nil {
			return nil
		}
		tail = mostLines
	}
}

// ended returns nil if the caller has ended a log that is followed.
func ended(ctx context.Context, o publish.LogOptions, err error) error {
	if o.Follow && ctx.Err() != nil {
		return nil
	}
	return err
}

// overlap returns how many of the lines are no news: those up to the last that was seen. A
// log that is asked for with more lines than before has some in front, and one that has
// grown too long lacks some.
func overlap(seen, lines []string) int {
	for n := len(seen); n > 0; n-- {
		for at := len(lines); at >= n; at-- {
			if slices.Equal(lines[at-n:at], seen[len(seen)-n:]) {
				return at
			}
		}
	}
	return 0
}
