//go:build linux && integration

package builder_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
)

func TestEmbedded(t *testing.T) {
	o := options(t)
	first := find(t, o)
	if first.Kind != builder.Embedded {
		t.Errorf("kind %q, want embedded", first.Kind)
	}
	if p := first.Platform(); p.OS != "linux" || p.Architecture != runtime.GOARCH {
		t.Errorf("platform %+v, want this machine's", p)
	}
	s := status(t, o)
	if !s.Running || s.Version != first.Version() || s.Version == "" || s.Address != first.Address {
		t.Errorf("status %+v", s)
	}

	second := find(t, o)
	if again := status(t, o); again.PID != s.PID {
		t.Errorf("a second Find has supervisor %d, want %d", again.PID, s.PID)
	}
	if len(processes(t, o)) != 2 {
		t.Errorf("want a supervisor and a buildkitd, have %v", processes(t, o))
	}

	solveFile(t, second)
	solveRun(t, second, "--version")

	used, err := second.DiskUsed(t.Context())
	if err != nil || used == 0 {
		t.Errorf("disk used %d, %v", used, err)
	}
	freed, err := second.Prune(t.Context(), true)
	if err != nil || freed == 0 {
		t.Errorf("freed %d, %v", freed, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = second.Client.Solve(ctx, nil, client.SolveOpt{}, nil)
	if err == nil || second.Explain(err) != err {
		t.Errorf("a cancelled build became: %v", second.Explain(err))
	}

	if stopped, err := builder.StopEmbedded(t.Context(), o); err != nil || !stopped {
		t.Errorf("stop: %v, %v", stopped, err)
	}
	if left := processes(t, o); len(left) != 0 {
		t.Errorf("after stop: %v", left)
	}
	if s := status(t, o); s.Running {
		t.Errorf("after stop: %+v", s)
	}
}

// solveFile exports a directory with one file that the builder made.
func solveFile(t *testing.T, b *builder.Builder) {
	t.Helper()
	dir := t.TempDir()
	def, err := bkllb.Scratch().File(bkllb.Mkfile("/hello", 0o644, []byte("world"))).Marshal(t.Context(), bkllb.Platform(b.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Client.Solve(t.Context(), def, client.SolveOpt{
		Exports: []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: dir}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "hello"))
	if err != nil || string(text) != "world" {
		t.Errorf("exported %q, %v", text, err)
	}
}

// solveRun runs buildctl, a static program at hand, in a container.
func solveRun(t *testing.T, b *builder.Builder, args ...string) {
	t.Helper()
	if err := runBuildctl(t.Context(), b, args...); err != nil {
		t.Fatal(err)
	}
}

func runBuildctl(ctx context.Context, b *builder.Builder, args ...string) error {
	bin, err := fsutil.NewFS("../bin")
	if err != nil {
		return err
	}
	root := bkllb.Scratch().File(bkllb.Copy(bkllb.Local("bin", bkllb.IncludePatterns([]string{"buildctl"})), "buildctl", "/"))
	run := root.Run(bkllb.Args(append([]string{"/buildctl"}, args...)), bkllb.Network(bkllb.NetModeNone), bkllb.IgnoreCache)
	def, err := run.Root().Marshal(ctx, bkllb.Platform(b.Platform()))
	if err != nil {
		return err
	}
	_, err = b.Client.Solve(ctx, def, client.SolveOpt{LocalMounts: map[string]fsutil.FS{"bin": bin}}, nil)
	return err
}

// Four searches here and two in other processes start one daemon.
func TestConcurrentFinds(t *testing.T) {
	o := options(t)
	pids := make(chan int, 6)
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			b, err := builder.Find(t.Context(), o)
			if err != nil {
				return err
			}
			defer b.Close()
			s, err := builder.EmbeddedStatus(t.Context(), o)
			pids <- s.PID
			return err
		})
	}
	for range 2 {
		g.Go(func() error {
			pid, release, err := startHolder(t, o)
			if err != nil {
				return err
			}
			pids <- pid
			return release()
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	want := status(t, o).PID
	for range 6 {
		if pid := <-pids; pid != want {
			t.Errorf("supervisor %d, want %d for all", pid, want)
		}
	}
	if len(processes(t, o)) != 2 {
		t.Errorf("want a supervisor and a buildkitd, have %v", processes(t, o))
	}
}

// startHolder has another process find a builder and hold it until release.
func startHolder(t *testing.T, o builder.Options) (pid int, release func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, nil, err
	}
	cmd := exec.Command(self, "hold", o.StateDir, o.Buildkitd)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, nil, err
	}
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && err != io.EOF {
		return 0, nil, err
	}
	pid, err = strconv.Atoi(strings.TrimSpace(line))
	return pid, func() error {
		if err := in.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	}, err
}

// The daemon outlives its first client, stays for a client, and stops when it
// has none.
func TestIdleStop(t *testing.T) {
	o := options(t)
	o.IdleTimeout = 500 * time.Millisecond
	b := find(t, o)
	pid := status(t, o).PID
	time.Sleep(3 * o.IdleTimeout)
	if s := status(t, o); s.PID != pid {
		t.Fatalf("with a client: %+v, want supervisor %d", s, pid)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no process", func() bool { return len(processes(t, o)) == 0 })

	b = find(t, o)
	if again := status(t, o).PID; again == pid {
		t.Errorf("supervisor %d again", pid)
	}
	solveFile(t, b)
}

// An old client must not take a new daemon for its own, nor a daemon be
// refused for what a killed one left.
func TestSupervisorKilled(t *testing.T) {
	o := options(t)
	old := find(t, o)
	kill(t, status(t, o).PID)
	eventually(t, "no buildkitd", func() bool { return len(processes(t, o)) == 0 })
	if _, err := os.Lstat(strings.TrimPrefix(old.Address, "unix://")); err != nil {
		t.Fatalf("no stale socket to recover from: %v", err)
	}
	_, err := old.Client.ListWorkers(t.Context())
	var gone *builder.GoneError
	if !asGone(old.Explain(err), &gone) {
		t.Errorf("%v was explained as %v", err, old.Explain(err))
	}

	b := find(t, o)
	solveFile(t, b)
	if !asGone(old.Explain(err), &gone) {
		t.Errorf("with a new daemon, %v was explained as %v", err, old.Explain(err))
	}
	if !strings.HasSuffix(gone.LogFile, ".1") || gone.LogTail == "" {
		t.Errorf("the log of the old daemon: %q %q", gone.LogFile, gone.LogTail)
	}
}

// buildctl waits for a daemon that never comes, which keeps a step running.
func TestBuildkitdKilled(t *testing.T) {
	o := options(t)
	b := find(t, o)
	daemon := buildkitdPID(t, o)
	built := make(chan error, 1)
	go func() {
		built <- runBuildctl(t.Context(), b, "--addr", "unix:///none", "--wait", "--timeout", "600", "debug", "workers")
	}()
	step := func() int { return descendantNamed(t, daemon, "/buildctl") }
	eventually(t, "the step runs", func() bool { return step() != 0 })
	pid := step()
	kill(t, daemon)
	err := b.Explain(<-built)
	var gone *builder.GoneError
	if !asGone(err, &gone) {
		t.Fatalf("want a GoneError: %v", err)
	}
	if !strings.Contains(gone.LogTail, "buildkitd exited: signal: killed") && !strings.Contains(gone.LogTail, "running server") {
		t.Errorf("the log's tail: %s", gone.LogTail)
	}
	if !strings.Contains(err.Error(), "Run the command again") {
		t.Errorf("no next step in: %v", err)
	}
	eventually(t, "the step is gone", func() bool {
		_, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid)))
		return err != nil
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	solveFile(t, find(t, o))
}
