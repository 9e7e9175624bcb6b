//go:build linux && integration

package builder_test

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/network"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
)

// Two builders run steps with the same addresses at the same time; then one is
// killed while a step of it has a network, and nothing is left of it but its
// directory.
func TestNetworkLeavesNothing(t *testing.T) {
	w := inWorld(t)
	if w == nil {
		return
	}
	before := machine(t)
	o, other := options(t), find(t, options(t))
	b := find(t, o)
	ended := make(chan error, 1)
	go func() { ended <- hang(t.Context(), t, b) }()
	daemon := buildkitdPID(t, o)
	eventually(t, "a step runs", func() bool { return descendantNamed(t, daemon, "/self") != 0 })
	during := step(t, other, bkllb.Network(bkllb.NetModeSandbox), "tcp "+at(intranet4), "tcp 192.0.0.2:"+worldPort)
	if during["tcp "+at(intranet4)] != intranet4 {
		t.Errorf("the other builder: %v", during)
	}
	if got := during["tcp 192.0.0.2:"+worldPort]; !strings.HasPrefix(got, "error: ") {
		t.Errorf("a step reaches that of another builder: %s", got)
	}
	kill(t, status(t, o).PID)
	<-ended
	eventually(t, "no buildkitd", func() bool { return len(processes(t, o)) == 0 })
	if got := step(t, other, bkllb.Network(bkllb.NetModeSandbox), "tcp "+at(intranet4)); got["tcp "+at(intranet4)] != intranet4 {
		t.Errorf("the other builder, after: %v", got)
	}
	if _, err := builder.StopEmbedded(t.Context(), builder.Options{StateDir: filepath.Dir(strings.TrimPrefix(other.Address, "unix://"))}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, machine(t)); diff != "" {
		t.Errorf("the machine is not as it was: %s", diff)
	}
}

// Without TUN devices there is no embedded builder, and an error that says what to
// do.
func TestNoDevice(t *testing.T) {
	if inWorld(t) == nil {
		return
	}
	if err := syscall.Mount("tmpfs", "/dev/net", "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	_, err := builder.Find(t.Context(), options(t))
	if err == nil || !strings.Contains(err.Error(), "open /dev/net/tun: no such file or directory: load the kernel's module (modprobe tun)") {
		t.Errorf("%v", err)
	}
}

// What has the name of a server is never started as an ordinary step.
func TestServerNotAnnounced(t *testing.T) {
	b := find(t, options(t))
	run := selfRoot().Run(bkllb.Args([]string{"/self", "probe"}), bkllb.Hostname(network.ServerName()), bkllb.IgnoreCache)
	def, err := run.Root().Marshal(t.Context(), bkllb.Platform(b.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	updates := make(chan *client.SolveStatus)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for u := range updates {
			for _, l := range u.Logs {
				said.Write(l.Data)
			}
		}
	}()
	_, err = b.Client.Solve(t.Context(), def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"self": selfFS(t)}}, updates)
	<-done
	if err == nil || !strings.Contains(said.String(), "the command that wanted the server is gone") {
		t.Errorf("%v: %s", err, said.String())
	}
}

// hang runs a step that listens on worldPort until it is killed.
func hang(ctx context.Context, t *testing.T, b *builder.Builder) error {
	run := selfRoot().Run(bkllb.Args([]string{"/self", "listen", ":" + worldPort}), bkllb.Network(bkllb.NetModeSandbox), bkllb.IgnoreCache)
	def, err := run.Root().Marshal(ctx, bkllb.Platform(b.Platform()))
	if err != nil {
		return err
	}
	_, err = b.Client.Solve(ctx, def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"self": selfFS(t)}}, nil)
	return err
}
