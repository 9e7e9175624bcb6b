//go:build linux && integration

package builder_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
)

// TestMain lets the test program be the commands that these tests start: the
// supervisor, and a client that lives in another process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "builder-supervise":
			exit(supervise(os.Args[2:]))
		case "probe":
			exit(probe(os.Args[2:]))
		case "listen":
			exit(listen(os.Args[2]))
		case "hold":
			exit(hold(os.Args[2], os.Args[3]))
		}
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func supervise(args []string) error {
	o, err := builder.ParseSuperviseArgs(args)
	if err != nil {
		return err
	}
	return builder.Supervise(context.Background(), o)
}

// hold finds a builder, prints its supervisor's process id and keeps it until
// its input ends.
func hold(stateDir, buildkitd string) error {
	ctx := context.Background()
	// A Docker engine of this machine would be found before it.
	o := builder.Options{Kind: builder.Embedded, StateDir: stateDir, Buildkitd: buildkitd}
	b, err := builder.Find(ctx, o)
	if err != nil {
		return err
	}
	status, err := builder.EmbeddedStatus(ctx, o)
	if err != nil {
		return err
	}
	fmt.Println(status.PID)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return b.Close()
}

// options are those of a daemon of the test's own, which ends with the test.
func options(t *testing.T) builder.Options {
	t.Helper()
	return optionsIn(t, filepath.Join(t.TempDir(), "b"))
}

func optionsIn(t *testing.T, stateDir string) builder.Options {
	t.Helper()
	buildkitd, err := filepath.Abs("../bin/buildkitd")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(buildkitd); err != nil {
		t.Fatalf("%v: run make tools", err)
	}
	// A Docker engine of this machine would be found before it.
	o := builder.Options{Kind: builder.Embedded, StateDir: stateDir, Buildkitd: buildkitd}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if _, err := builder.StopEmbedded(ctx, o); err != nil {
			t.Error(err)
		}
		if left := processes(t, o); len(left) != 0 {
			t.Errorf("processes left: %v", left)
		}
	})
	return o
}

func find(t *testing.T, o builder.Options) *builder.Builder {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := builder.Find(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func status(t *testing.T, o builder.Options) builder.Status {
	t.Helper()
	s, err := builder.EmbeddedStatus(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// processes are the supervisors and daemons whose command line names the
// state directory of o, by process id.
func processes(t *testing.T, o builder.Options) map[int]string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil || !strings.Contains(string(text), o.StateDir) {
			continue
		}
		words := strings.Split(strings.Trim(string(text), "\x00"), "\x00")
		if slices.Contains(words, "hold") {
			continue
		}
		found[pid] = strings.Join(words, " ")
	}
	return found
}

// buildkitdPID is the process id of the one daemon of o.
func buildkitdPID(t *testing.T, o builder.Options) int {
	t.Helper()
	pids := []int{}
	for pid, command := range processes(t, o) {
		if strings.HasPrefix(command, o.Buildkitd) {
			pids = append(pids, pid)
		}
	}
	if len(pids) != 1 {
		t.Fatalf("want one buildkitd, have %v", pids)
	}
	return pids[0]
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition that other processes bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("still not: %s", what)
}
