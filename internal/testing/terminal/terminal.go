//go:build unix

package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/containerd/console"
)

// Terminal is a terminal on which one program runs. Its methods may be called at
// any time, from several goroutines.
type Terminal struct {
	cmd      *exec.Cmd
	keyboard console.Console
	// read is closed when all that was written has been read, answered when the
	// emulator has no more answers to give.
	read, answered chan struct{}

	mu       sync.Mutex
	emulator *vt.Emulator
	raw      bytes.Buffer
}

// scrollback is how many lines a terminal keeps of what has scrolled off, more than
// any test writes.
const scrollback = 100_000

// afterEnd is how long the terminal is read after its program has ended, if a
// process that it left still has it.
const afterEnd = 5 * time.Second

// Start starts a command on a new terminal: its session, standard input, output and
// error. Without TERM in its environment, the terminal is an xterm with colours. The
// caller has to Wait.
func Start(cmd *exec.Cmd, columns, rows int) (*Terminal, error) {
	master, name, err := console.NewPty()
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Terminal, error) { return nil, errors.Join(err, master.Close()) }
	if err := master.Resize(console.WinSize{Width: uint16(columns), Height: uint16(rows)}); err != nil {
		return fail(err)
	}
	slave, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return fail(err)
	}
	defer slave.Close()
	if cmd.Env == nil {
		cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TERM=") })
	}
	if !slices.ContainsFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "TERM=") }) {
		cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	t := &Terminal{
		cmd: cmd, keyboard: master, emulator: vt.NewEmulator(columns, rows),
		read: make(chan struct{}), answered: make(chan struct{}),
	}
	t.emulator.SetScrollbackSize(scrollback)
	go t.show()
	go t.answer()
	return t, nil
}

// show gives the emulator what is written, until nobody has the terminal any more:
// then reading fails.
func (t *Terminal) show() {
	defer close(t.read)
	buffer := make([]byte, 32<<10)
	for {
		n, err := t.keyboard.Read(buffer)
		t.mu.Lock()
		t.raw.Write(buffer[:n])
		_, _ = t.emulator.Write(buffer[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// answer types what a terminal replies to a program that asks for its state.
func (t *Terminal) answer() {
	defer close(t.answered)
	buffer := make([]byte, 256)
	for {
		n, err := t.emulator.Read(buffer)
		// It fails once the program has ended.
		_, _ = t.keyboard.Write(buffer[:n])
		if err != nil {
			return
		}
	}
}

// Type types a text: "\t" is the tabulator, "\r" the return key, "\x03" Ctrl-C.
func (t *Terminal) Type(text string) error {
	_, err := t.keyboard.Write([]byte(text))
	return err
}

// Await waits until a text can be read on the screen or above it.
func (t *Terminal) Await(text string, limit time.Duration) error {
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		if strings.Contains(t.Text(), text) {
			return nil
		}
		select {
		case <-t.read:
			return fmt.Errorf("the program ended without %q:\n%s", text, t.Text())
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("no %q after %s:\n%s", text, limit, t.Text())
		}
	}
}

// Wait waits until the program has ended and all that it wrote is shown. The error
// is that of exec.Cmd.
func (t *Terminal) Wait() error {
	err := t.cmd.Wait()
	select {
	case <-t.read:
	case <-time.After(afterEnd):
		err = errors.Join(err, errors.New("the program has ended, and another process has its terminal"))
	}
	_ = t.emulator.Close()
	<-t.answered
	return errors.Join(err, t.keyboard.Close())
}

// Run runs a command on a terminal until it ends. The error is not that of a command
// that fails: its exit code is in cmd.ProcessState.
func Run(cmd *exec.Cmd, columns, rows int) (*Terminal, error) {
	t, err := Start(cmd, columns, rows)
	if err != nil {
		return nil, err
	}
	var ended *exec.ExitError
	if err := t.Wait(); err != nil && !errors.As(err, &ended) {
		return nil, err
	}
	return t, nil
}
