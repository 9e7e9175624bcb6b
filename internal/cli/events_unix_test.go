//go:build unix

package cli

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// TestEventsOfNobody ends a command at Ctrl-C that waits for a reader of its events.
func TestEventsOfNobody(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cmd := &cobra.Command{}
	cmd.SetContext(ctx)
	if err := (&events{file: pipe}).begin(cmd, "v1.0.0"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
