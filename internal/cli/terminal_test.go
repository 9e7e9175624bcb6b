package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"github.com/containerd/console"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/rogpeppe/go-internal/testscript"
)

// ownMoves returns the escape sequences of the displays themselves.
func ownMoves() *regexp.Regexp {
	return regexp.MustCompile(`\x1b\[([0-9]+[ABG]|K|\?25[hl]|[0-9;]*m)|\r`)
}

// onTerminal runs a command on a terminal and keeps what that was given in the file
// screen: onTerminal CODE COMMAND…. It fails if a terminal would obey any of it but
// what the displays do with the cursor.
func onTerminal(ts *testscript.TestScript, _ bool, args []string) {
	master, name, err := console.NewPty()
	ts.Check(err)
	ts.Check(master.Resize(console.WinSize{Height: 50, Width: 250}))
	slave, err := os.OpenFile(name, os.O_RDWR, 0)
	ts.Check(err)
	var got bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		// It ends with an error when nobody has the terminal any more.
		_, _ = io.Copy(&got, master)
	}()
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(program, args[2:]...)
	for _, variable := range []string{"HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME", "DOCKER_HOST", "BUILDKIT_HOST", builderVariable, "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		if v := ts.Getenv(variable); v != "" {
			cmd.Env = append(cmd.Env, variable+"="+v)
		}
	}
	cmd.Dir = ts.MkAbs(".")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Run()
	ts.Check(slave.Close())
	<-read
	ts.Check(master.Close())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	screen := got.String()
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(screen), 0o600))
	ts.Logf("%s", terminal.Printable(screen))
	if code := string(rune('0' + cmd.ProcessState.ExitCode())); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
	rest := ownMoves().ReplaceAllString(screen, "")
	if terminal.Obeys(strings.NewReplacer("\n", "", "\t", "").Replace(rest)) {
		ts.Fatalf("a terminal would obey %q", screen)
	}
}
