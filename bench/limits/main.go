// Command limits creates the largest inputs that deployfile's readers accept,
// has deployfile check read each in its own process, and writes the time and
// memory to docs/limits.md. Run make limits.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "limits:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("limits", flag.ContinueOnError)
	program := flags.String("deployfile", "bin/deployfile", "the program that is measured")
	page := flags.String("markdown", "", "the page whose table is replaced (default: print the table)")
	only := flags.String("only", "", "measure the inputs whose name has this text")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("| reader | input | size | seconds | peak memory |\n|---|---|--:|--:|--:|\n")
	for _, in := range inputs() {
		if !strings.Contains(in.name+" "+in.what, *only) {
			continue
		}
		m, err := measure(ctx, *program, in)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", in.name, in.what, err)
		}
		row := fmt.Sprintf("| %s | %s | %s | %.1f | %d MiB |\n", in.name, in.what, bytesText(in.size()), m.took.Seconds(), m.peak>>20)
		fmt.Fprint(os.Stderr, row)
		b.WriteString(row)
	}
	if *page == "" {
		_, err := fmt.Print(b.String())
		return err
	}
	return replaceTable(*page, b.String())
}

// measurement is the cost of reading an input.
type measurement struct {
	// took is CPU time, which excludes other work of the machine.
	took time.Duration
	// peak is the largest resident set of the process, in bytes.
	peak int64
	said string
}

// measure runs the program's check on a project. It does not matter whether
// check finds errors, as long as none is about a limit.
func measure(ctx context.Context, program string, in input) (measurement, error) {
	dir, err := os.MkdirTemp("", "limits")
	if err != nil {
		return measurement{}, err
	}
	defer os.RemoveAll(dir)
	for name, data := range in.files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return measurement{}, err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return measurement{}, err
		}
	}
	if program, err = filepath.Abs(program); err != nil {
		return measurement{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "check")
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return measurement{}, err
	}
	peak := watch(cmd.Process.Pid)
	err = cmd.Wait()
	m := measurement{peak: <-peak, said: out.String()}
	if s := cmd.ProcessState; s != nil {
		m.took = s.UserTime() + s.SystemTime()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return m, errors.Join(err, ctx.Err())
	}
	if !strings.Contains(m.said, in.want) {
		return m, fmt.Errorf("it says %.300q and not %q", m.said, in.want)
	}
	return m, nil
}

// watch returns the largest resident set of a process in bytes, when it has
// exited. wait4's number includes the memory of this process, which the other
// is a fork of.
func watch(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			var kib int64
			_, rest, found := strings.Cut(string(status), "VmHWM:")
			if err != nil || !found {
				break // it has ended
			}
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				most = max(most, kib<<10)
			}
			time.Sleep(2 * time.Millisecond)
		}
		peak <- most
	}()
	return peak
}

// replaceTable replaces the last table of a page.
func replaceTable(page, table string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	const mark = "| reader | input |"
	start := strings.LastIndex(string(text), mark)
	if start < 0 {
		return fmt.Errorf("%s has no table that begins with %q", page, mark)
	}
	rest := string(text[start:])
	end := strings.Index(rest, "\n\n")
	if end < 0 {
		end = len(rest) - 1
	}
	return os.WriteFile(page, []byte(string(text[:start])+table+rest[end+1:]), 0o644)
}

func bytesText(n int) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d KiB", max(1, n>>10))
}
