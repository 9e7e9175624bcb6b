//go:build unix

package untrusted

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// hostile makes a directory with what an attacker may put into one.
func hostile(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "project")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "below"), 0o755),
		os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o600),
		os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600),
		os.WriteFile(filepath.Join(dir, "below", "file"), []byte("text"), 0o600),
		os.WriteFile(filepath.Join(dir, "huge"), nil, 0o600),
		os.Truncate(filepath.Join(dir, "huge"), 1<<40),
		os.Symlink("below/file", filepath.Join(dir, "inside")),
		os.Symlink("../secret", filepath.Join(dir, "outside")),
		os.Symlink(filepath.Join(top, "secret"), filepath.Join(dir, "absolute")),
		os.Symlink("..", filepath.Join(dir, "above")),
		os.Symlink("/dev/zero", filepath.Join(dir, "zero")),
		os.Symlink("nothing", filepath.Join(dir, "dangling")),
		os.Symlink("turn", filepath.Join(dir, "turn")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadFileOfAFolder(t *testing.T) {
	folder, err := OpenDirectory(hostile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for name, want := range map[string]string{
		"file":         "",
		"inside":       "",
		"huge":         "huge is larger than 4 bytes",
		"outside":      "outside is a symbolic link, or below one, that leads out of the directory",
		"absolute":     "absolute is a symbolic link",
		"above/secret": "above/secret is a symbolic link, or below one",
		"zero":         "zero is a symbolic link",
		"pipe":         "pipe is a named pipe and not a file",
		"below":        "below is a directory and not a file",
		"dangling":     "no such file",
		"turn":         "too many levels of symbolic links",
		"../secret":    "invalid argument",
		"/etc/passwd":  "invalid argument",
	} {
		data, err := ReadFile(folder, name, 4)
		switch {
		case want == "" && (err != nil || string(data) != "text"):
			t.Errorf("%s: %q, %v", name, data, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want one with %q", name, err, want)
		}
		if refused := strings.HasPrefix(want, filepath.Base(name)) || name == "above/secret"; Refused(err) != refused {
			t.Errorf("%s: refused is %v: %v", name, Refused(err), err)
		}
	}
	if _, err := folder.Open("pipe"); !Refused(err) {
		t.Errorf("a pipe is opened: %v", err)
	}
}

// A file that the user names may be anywhere, and a link.
func TestReadNamed(t *testing.T) {
	dir := hostile(t)
	for name, want := range map[string]string{
		"outside": "",
		"zero":    "zero is a device and not a file",
		"pipe":    "pipe is a named pipe and not a file",
		"below":   "below is a directory and not a file",
		"huge":    "huge is larger than 6 bytes",
	} {
		data, err := ReadNamed(filepath.Join(dir, name), 6)
		switch {
		case want == "" && (err != nil || string(data) != "secret"):
			t.Errorf("%s: %q, %v", name, data, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want one with %q", name, err, want)
		}
	}
}

// growing is a file that says it is smaller than it is, as one does that is written
// to meanwhile, or that is in /proc.
type growing struct{ fs.File }

func (g growing) Stat() (fs.FileInfo, error) {
	info, err := g.File.Stat()
	return smaller{info}, err
}

type smaller struct{ fs.FileInfo }

func (smaller) Size() int64 { return 0 }

func TestAFileThatGrows(t *testing.T) {
	files := fstest.MapFS{"f": {Data: []byte("12345678")}}
	for limit, fits := range map[int64]bool{7: false, 8: true, 9: true} {
		f, err := files.Open("f")
		if err != nil {
			t.Fatal(err)
		}
		data, err := read(growing{f}, "f", limit)
		var large *TooLargeError
		if fits != (err == nil) || fits && string(data) != "12345678" || !fits && (!errors.As(err, &large) || large.Limit != limit) {
			t.Errorf("limit %d: %q, %v", limit, data, err)
		}
	}
}

// zeros is endless, and counts what is read of it.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	z.n += int64(len(p))
	return len(p), nil
}

func TestReadAllOfAnEndlessStream(t *testing.T) {
	z := &zeros{}
	if _, err := ReadAll(z, "the answer", 1<<20); err == nil || !strings.Contains(err.Error(), "the answer is larger than 1 MiB") {
		t.Errorf("error %v", err)
	}
	if z.n > 2<<20 {
		t.Errorf("%d bytes were read", z.n)
	}
	if data, err := ReadAll(io.LimitReader(z, 1<<20), "it", 1<<20); err != nil || len(data) != 1<<20 {
		t.Errorf("%d bytes: %v", len(data), err)
	}
}

// Who waits for a reader that never returns is told as soon as the context is done.
func TestWaitIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := make(chan struct{})
	defer close(stop)
	why := errors.New("interrupted")
	time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
	if _, err := Wait(ctx, func() (int, error) { <-stop; return 1, nil }); !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
	if n, err := Wait(t.Context(), func() (int, error) { return 1, why }); n != 1 || !errors.Is(err, why) {
		t.Errorf("%d, %v", n, err)
	}
}
