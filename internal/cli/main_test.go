package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/rogpeppe/go-internal/testscript"
)

// main is the program.
func main() { os.Exit(Main("devel")) }

// TestMain lets the test program be the command that the scripts call, and the
// supervisor of the embedded builder that the command starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "builder-supervise" {
		main()
	}
	testscript.Main(tests{m}, map[string]func(){"deployfile": main})
}

// tests are the tests of this package, with one embedded builder for all.
type tests struct{ m *testing.M }

// cacheVariable names the directory that the scripts' embedded builder is in.
const cacheVariable = "DEPLOYFILE_TEST_CACHE"

// Run implements testscript.TestingM.
func (t tests) Run() int {
	cache, err := os.MkdirTemp("", "deployfile-cli")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(cache)
	os.Setenv(cacheVariable, cache)
	code := t.m.Run()
	if runtime.GOOS != "linux" {
		return code
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := builder.StopEmbedded(ctx, builder.Options{StateDir: filepath.Join(cache, "deployfile", "buildkit")}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs what needs no builder.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setup,
		Cmds:                commands(),
		RequireExplicitExec: true,
	})
}

// setup gives a script a home of its own, and no Docker engine.
func setup(e *testscript.Env) error {
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("XDG_CACHE_HOME", os.Getenv(cacheVariable))
	// The embedded builder outlives the script that started it.
	e.Setenv("TMPDIR", os.Getenv(cacheVariable))
	e.Setenv(builderVariable, string(builder.Embedded))
	e.Setenv("IMAGE", "registry.example.com/iris@sha256:"+strings.Repeat("0", 64))
	e.Setenv("OTHER", "registry.example.com/iris@sha256:"+strings.Repeat("1", 64))
	e.Setenv("THIRD", "registry.example.com/iris@sha256:"+strings.Repeat("2", 64))
	return nil
}

// commands returns the commands that every script may use.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "conforms": conforms, "await": await}
	maps.Copy(all, terminalCommands())
	return all
}

// exits runs a command that must end with a code: exits CODE COMMAND….
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// asked is of scripts whose value "cloud" is a double: ! asked TEXT, no request begins so.
func asked(ts *testscript.TestScript, not bool, args []string) {
	cloud, _ := ts.Value("cloud").(interface{ Calls() []string })
	for _, call := range cloud.Calls() {
		if not && strings.HasPrefix(call, args[0]) {
			ts.Fatalf("it was asked to %s", call)
		}
	}
}

// await waits until a file has a text: await FILE TEXT.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(data), args[1]) {
			return
		}
	}
	ts.Fatalf("no %q in %s", args[1], args[0])
}
