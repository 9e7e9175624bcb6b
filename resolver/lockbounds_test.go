package resolver

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/growth"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseLockIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"deep":  "x = " + strings.Repeat("[", 6<<20),
		"wide":  "x = [" + strings.Repeat("[],", 1<<20) + "]",
		"large": "# " + strings.Repeat("x", 17<<20),
	} {
		if _, err := ParseLock([]byte(text)); err == nil {
			t.Errorf("%s: accepted as a lock", name)
		}
		if _, err := ParsePylock([]byte(text)); err == nil {
			t.Errorf("%s: accepted as a pylock", name)
		}
	}
}

// A lock that is not read is not written over one that is.
func TestEncodeIsReadable(t *testing.T) {
	for n, good := range map[int]bool{10_000: true, 100_000: false} {
		lock := exampleLock()
		lock.Model = nil
		for i := range n {
			lock.Model = append(lock.Model, ModelFile{Path: fmt.Sprint(i), SHA256: strings.Repeat("0", 64)})
		}
		data, err := lock.Encode()
		if (err == nil) != good {
			t.Errorf("%d files: %v", n, err)
		}
		if _, parseErr := ParseLock(data); good && parseErr != nil {
			t.Errorf("%d files: %v", n, parseErr)
		}
	}
}

// The structure of a text is counted before the TOML library sees it, which keeps
// the whole path of every key: without, the first of these takes 9 GB.
func TestParseLockRefusesDepth(t *testing.T) {
	for name, text := range map[string]string{
		"a dotted key":    "a" + strings.Repeat(".a", 30_000) + " = 1\n",
		"many of them":    strings.Repeat(strings.Repeat("a.", 50)+"b = 1\n", 100_000),
		"arrays":          "a = " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		"tables":          "[a" + strings.Repeat(".a", 30_000) + "]\n",
		"inline tables":   "a = " + strings.Repeat("{a = ", 1000) + "1" + strings.Repeat("}", 1000),
		"keys":            strings.Repeat("a = 1\n", 500_001),
		"items of a list": "a = [" + strings.Repeat("1,", 500_001) + "]",
		"bytes":           strings.Repeat("#\n", MaxLock/2+1),
	} {
		for what, parse := range map[string]func([]byte) error{
			"lock":   func(data []byte) error { _, err := ParseLock(data); return err },
			"pylock": func(data []byte) error { _, err := ParsePylock(data); return err },
		} {
			if err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "it has more than") && !strings.Contains(err.Error(), "larger than") {
				t.Errorf("%s of %s: error %v", what, name, err)
			}
		}
	}
}

func TestChangesGrowLinearly(t *testing.T) {
	growth.Linear(t, 5000, func(n int) func() {
		was, now := make([]string, n), make([]string, n)
		for i := range n {
			was[i], now[i] = fmt.Sprintf("requirement-%d", i), fmt.Sprintf("requirement-%d", n+i)
		}
		return func() {
			if got := (Inputs{Requirements: was}).Changes(Inputs{Requirements: now}); len(got) != 2*n {
				t.Errorf("%d changes", len(got))
			}
		}
	})
}

// FuzzLock reads a lock that it writes as it was, and one that is accepted
// names no file outside of its directories.
func FuzzLock(f *testing.F) {
	data, err := exampleLock().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("version = 1\nmodel = [{path = '..'}]\n[[platforms]]\nname = 'linux/arm64'\n"))
	f.Add([]byte("version = 1\n" + strings.Repeat("a.", 40) + "b = 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lock, err := ParseLock(data)
		if err != nil {
			return
		}
		encoded, err := lock.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseLock(encoded)
		if diff := cmp.Diff(lock, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("%v\n%s\n%s", err, diff, encoded)
		}
		for _, m := range lock.Model {
			if !filepath.IsLocal(m.Path) {
				t.Errorf("model file %q", m.Path)
			}
		}
		for _, name := range lock.PylockNames() {
			if filepath.Base(name) != name {
				t.Errorf("pylock file %q", name)
			}
		}
		if changes := lock.Stale(lock.Inputs, nil, nil); len(lock.Platforms) > 0 && len(changes) == 0 {
			t.Error("it fits without its pylock file")
		}
	})
}
