//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"

	escape "github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/terminal"
	"github.com/rogpeppe/go-internal/testscript"
)

// ownMoves returns the escape sequences of the displays themselves.
func ownMoves() *regexp.Regexp {
	return regexp.MustCompile(`\x1b\[([0-9]+[ABG]|K|\?25[hl]|[0-9;]*m)|\r`)
}

// passed returns the variables of a script that a program on its terminal has.
func passed() []string {
	return []string{
		"HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME", "TERM", "NO_COLOR", "DOCKER_HOST", "BUILDKIT_HOST", builderVariable,
		"SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	}
}

// terminalCommands returns the commands that need a terminal.
func terminalCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"onTerminal": onTerminal}
}

// onTerminal runs a command on a terminal: onTerminal [COLUMNSxROWS] CODE COMMAND….
// The file screen has what is shown at the end, scrollback what was above it, and raw
// what the terminal was given. It fails if a terminal would obey any of it but what
// the displays do with the cursor.
func onTerminal(ts *testscript.TestScript, _ bool, args []string) {
	columns, rows := 250, 50
	if strings.Contains(args[0], "x") {
		if _, err := fmt.Sscanf(args[0], "%dx%d", &columns, &rows); err != nil {
			ts.Fatalf("onTerminal %s: %v", args[0], err)
		}
		args = args[1:]
	}
	program, err := exec.LookPath(args[1])
	ts.Check(err)
	cmd := exec.Command(program, args[2:]...)
	for _, variable := range passed() {
		if v := ts.Getenv(variable); v != "" {
			cmd.Env = append(cmd.Env, variable+"="+v)
		}
	}
	cmd.Dir = ts.MkAbs(".")
	on, err := terminal.Run(cmd, columns, rows)
	ts.Check(err)
	raw := string(on.Raw())
	for name, text := range map[string]string{
		"raw": raw, "screen": strings.Join(on.Screen(), "\n") + "\n", "scrollback": strings.Join(on.Scrollback(), "\n") + "\n",
	} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
	ts.Logf("%s", on.Text())
	if code := fmt.Sprint(cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
	rest := ownMoves().ReplaceAllString(raw, "")
	if escape.Obeys(strings.NewReplacer("\n", "", "\t", "").Replace(rest)) {
		ts.Fatalf("a terminal would obey %q", raw)
	}
}
