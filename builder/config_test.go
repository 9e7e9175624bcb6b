package builder

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDaemonConfig(t *testing.T) {
	got, err := daemonConfig(&daemon{dir: "/state", socket: "/state/buildkitd.sock"}, 20e9)
	if err != nil {
		t.Fatal(err)
	}
	want := `# Written by deployfile at each start of the daemon.
insecure-entitlements = ["network.host"]
root = "/state/root"

[grpc]
  address = ["unix:///state/buildkitd.sock"]

[otel]
  socketPath = "/state/buildkitd.sock.otel"

[worker]
  [worker.containerd]
    enabled = false
  [worker.oci]
    binary = "/state/runc"
    enabled = true
    gc = true
    maxUsedSpace = "20000000000"
    minFreeSpace = "10%"
    networkMode = "host"
    reservedSpace = "2000000000"
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(filepath.ToSlash(diff))
	}
}

func TestSuperviseArgs(t *testing.T) {
	want := SuperviseOptions{StateDir: "/a b", Buildkitd: "/bin/buildkitd", DiskLimit: 7, IdleTimeout: 90 * time.Second}
	got, err := ParseSuperviseArgs(want.Args())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(SuperviseOptions{})); diff != "" {
		t.Error(diff)
	}
	want.inner = true
	if got, err = ParseSuperviseArgs(append(want.Args(), "--inner")); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	want.inner, want.runc = false, []string{"/bin/runc", "--log", "x", "run"}
	if got, err = ParseSuperviseArgs(append(want.Args(), "--runtime", "--", "/bin/runc", "--log", "x", "run")); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]string{nil, {"--state-dir", "/a"}, {"--unknown"}, append(want.Args(), "more"), append(want.Args(), "--runtime")} {
		if _, err := ParseSuperviseArgs(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestLastLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	tests := []struct{ name, text, want string }{
		{"empty", "", ""},
		{"short", "a\nb\n", "a\nb"},
		{"many lines", strings.Repeat("x\n", 100) + "last\n", strings.Repeat("x\n", tailLines-1) + "last"},
		{"long lines", strings.Repeat("x", 2*tailBytes), strings.Repeat("x", tailBytes)},
	}
	for _, test := range tests {
		if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, lastLines(file)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	if got := lastLines(file + ".none"); got != "" {
		t.Errorf("no file: %q", got)
	}
}

func TestNotFoundText(t *testing.T) {
	err := &NotFoundError{Tried: []Attempt{{Remote, errors.New("not set")}, {Embedded, errors.New("one\ntwo")}}}
	want := "no builder:\n  remote: not set\n  embedded: one\n  two"
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}
