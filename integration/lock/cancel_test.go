//go:build integration

package lock

import (
	"context"
	"errors"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/client"
)

// TestCancel ends a build as Ctrl-C does, while its index does not answer. The
// builder goes on, and no lock was written.
func TestCancel(t *testing.T) {
	x := lab.NewIndex(t)
	x.Held = make(chan struct{}, 100)
	p := shared.Tiny(t, x.Table("local"), "dfone")
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		select {
		case <-x.Held:
			cancel()
		case <-ctx.Done():
		}
	}()
	_, err := p.StartIn(ctx, t, func(o *build.Options) {
		o.Target = frontend.OutputLock
		o.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if files := lab.Files(t, out, "*lock*"); len(files) > 0 {
		t.Errorf("a lock was written: %v", files)
	}
	next := shared.Tiny(t, "")
	next.Lock(t)
}
