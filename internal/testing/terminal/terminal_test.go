//go:build unix

package terminal

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func run(t *testing.T, script string, columns, rows int) *Terminal {
	t.Helper()
	got, err := Run(exec.Command("sh", "-c", script), columns, rows)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Lines wrap at the width, and what leaves the screen is kept.
func TestScreenAndScrollback(t *testing.T) {
	got := run(t, "for i in 1 2 3 4 5 6; do echo line $i; done; echo 0123456789abc; exit 3", 10, 4)
	if diff := cmp.Diff([]string{"line 6", "0123456789", "abc"}, got.Screen()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"line 1", "line 2", "line 3", "line 4", "line 5"}, got.Scrollback()); diff != "" {
		t.Error(diff)
	}
	if code := got.cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if want := "line 1\nline 2\nline 3\nline 4\nline 5\nline 6\n0123456789\nabc\n"; got.Text() != want {
		t.Errorf("%q", got.Text())
	}
	if raw := string(got.Raw()); !strings.HasSuffix(raw, "line 6\r\n0123456789abc\r\n") || Escapes(got.Raw()) {
		t.Errorf("%q", raw)
	}
}

// A display that moves the cursor is seen as it is at the end.
func TestCursor(t *testing.T) {
	got := run(t, `printf 'one\ntwo\n\033[2A\033[2Kthree\033[1B\r\033[31mfour\033[0m\n'`, 20, 5)
	if diff := cmp.Diff([]string{"three", "four"}, got.Screen()); diff != "" {
		t.Error(diff)
	}
	if got.Cells()[1][0].Style.Fg == nil || got.Cells()[0][0].Style.Fg != nil {
		t.Errorf("%v", got.Cells())
	}
}

func TestTheProgramHasTheSize(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 50}} {
		got := run(t, `stty size; echo $TERM`, size[0], size[1])
		if diff := cmp.Diff([]string{fmt.Sprint(size[1], " ", size[0]), "xterm-256color"}, got.Screen()); diff != "" {
			t.Error(diff)
		}
	}
}

// What is typed reaches the program, and so does what a terminal answers by itself.
func TestType(t *testing.T) {
	got, err := Start(exec.Command("sh", "-c", `read name; echo "hello $name"; stty raw -echo; printf '\033[6n'; head -c 6 | tail -c 5; stty sane; echo; echo ready; sleep 60`), 40, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ text, shown string }{{"you\r", "hello you"}, {"", "[3;1R"}, {"", "ready"}} {
		if err := got.Type(step.text); err != nil {
			t.Fatal(err)
		}
		if err := got.Await(step.shown, 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if err := got.Type("\x03"); err != nil {
		t.Fatal(err)
	}
	if err := got.Wait(); err == nil || got.cmd.ProcessState.ExitCode() == 0 {
		t.Errorf("Ctrl-C ended it with %v", err)
	}
}

func TestAwaitEndsWithTheProgram(t *testing.T) {
	got, err := Start(exec.Command("echo", "something"), 40, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Await("nothing", time.Minute); err == nil || !strings.Contains(err.Error(), "something") {
		t.Errorf("%v", err)
	}
	if err := got.Wait(); err != nil {
		t.Error(err)
	}
}

func TestColours(t *testing.T) {
	got := Colours([]byte("\x1b[1mbold\x1b[0m \x1b[31mred\x1b[0m\x1b[1;32mgreen\x1b[0m \x1b[38;5;4mblue\x1b[31m\x1b[2K\x1b[3mitalic"))
	if want := []string{"\x1b[1;32m", "\x1b[31m", "\x1b[38;5;4m"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
