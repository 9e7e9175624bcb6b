//go:build integration

package hostile

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

// judged are the findings of the rules about wheels, without a builder.
func judged(t *testing.T, p *buildtest.Project) []string {
	t.Helper()
	source := p.Read(t, "Deployfile")
	found, err := frontend.Inspect("Deployfile", []byte(source), os.DirFS(p.Dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range found.Lint(lock, map[string][]byte{"pylock.toml": []byte(p.Read(t, "pylock.toml"))}, time.Now()) {
		if f.Rule == "file-conflict" || f.Rule == "startup-code" {
			out = append(out, f.Rule+": "+f.Diagnostic("Deployfile").Message)
		}
	}
	return out
}

// forged is a text with the CRC-32 and the length of another, which begins with
// start.
func forged(t *testing.T, other, start string) string {
	t.Helper()
	out := append([]byte(start), bytes.Repeat([]byte(" "), len(other)-len(start)-4)...)
	want := crc32.ChecksumIEEE([]byte(other))
	// A CRC is linear: each of the last 32 bits changes the checksum by a mask of
	// its own, and the masks are a basis of all checksums.
	zero := crc32.ChecksumIEEE(append(slices.Clone(out), 0, 0, 0, 0))
	var rows [32]struct{ mask, bits uint32 }
	for bit := range 32 {
		last := make([]byte, 4)
		last[bit/8] = 1 << (bit % 8)
		row := struct{ mask, bits uint32 }{crc32.ChecksumIEEE(append(slices.Clone(out), last...)) ^ zero, 1 << bit}
		for row.mask != 0 {
			top := 31
			for row.mask>>top == 0 {
				top--
			}
			if rows[top].mask == 0 {
				rows[top] = row
				break
			}
			row.mask, row.bits = row.mask^rows[top].mask, row.bits^rows[top].bits
		}
	}
	var bits uint32
	for rest := want ^ zero; rest != 0; {
		top := 31
		for rest>>top == 0 {
			top--
		}
		rest, bits = rest^rows[top].mask, bits^rows[top].bits
	}
	out = append(out, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
	if crc32.ChecksumIEEE(out) != want || len(out) != len(other) {
		t.Fatal("the forged text has not the other's checksum and length")
	}
	return string(out)
}

// TestWheelsOfTheSameFiles has one package bring what is another's.
func TestWheelsOfTheSameFiles(t *testing.T) {
	license := "a licence that both of them have\n"
	known := "VALUE = 'a module whose checksum is known to everybody'  # " + strings.Repeat("-", 40) + "\n"
	x := lab.NewIndex(t,
		lab.WheelOf(t, "dfgood", "1.0", "py3-none-any", map[string]string{
			"dfgood.py": "WORDS = 'good'\n", "dfknown.py": known, "dfcached.py": "WORDS = 'good'\n", "LICENSE": license, "tests/__init__.py": "",
			"dffolder/__init__.py":                  "",
			"dfgood-1.0.dist-info/entry_points.txt": "[console_scripts]\ndftool = dfgood:main\ndfshared = dfgood:main\n",
		}),
		lab.WheelOf(t, "zevil", "1.0", "py3-none-any", map[string]string{
			"zevil.py": "", "dfgood.py": "WORDS = 'evil'\n", "LICENSE": license, "tests/__init__.py": "",
			// The same length and CRC-32, which are all that a wheel's list tells.
			"dfknown.py": forged(t, known, "import os#"),
			// Run in place of dfcached.py, though no file of that name is in this wheel.
			"__pycache__/dfcached.cpython-311.pyc":                      "anything",
			"zevil-1.0.data/data/lib/python3.11/site-packages/dffolder": "a file in place of a folder",
			"zevil-1.0.data/scripts/dftool":                             "#!python\nimport zevil\n",
			"zevil-1.0.dist-info/entry_points.txt":                      "[console_scripts]\ndfshared = dfgood:main\nserve = zevil:main\n",
			"zevil.pth":                                                 "import zevil\n",
			"sitecustomize.py":                                          "",
			"zpaths.pth":                                                "/tmp\n",
			"zevil-nspkg.pth":                                           "import sys, types, os;has_mfs = sys.version_info > (3, 5);import zevil\n",
			"distutils-precedence.pth":                                  "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; enabled and __import__('_distutils_hack').add_shim();\n",
		}),
	)
	p := shared.Tiny(t, x.Table("local"), "dfgood", "zevil")
	p.Lock(t)
	const site = "/opt/venv/lib/python3.11/site-packages/"
	want := []string{
		"file-conflict: zevil contains /opt/venv/bin/serve, which the image's start command replaces",
		"file-conflict: model/requirements.txt:1: dfgood and zevil contain /opt/venv/bin/dftool and 4 more files with different contents, and the image has those of dfgood",
		"startup-code: model/requirements.txt:2: zevil contains " + site + "distutils-precedence.pth and 2 more files, whose code runs at every start of Python",
		"startup-code: model/requirements.txt:2: zevil contains " + site + "sitecustomize.py, which Python imports at every start",
		"startup-code: model/requirements.txt:2: zevil contains " + site + "zpaths.pth, which changes where Python looks for modules",
	}
	want[0] = strings.Replace(want[0], "zevil", "model/requirements.txt:2: zevil", 1)
	got := judged(t, p)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what check says (-want +got):\n%s", d)
	}

	plan := p.Plan(t)
	rel := func(name string) string { return "lib/python3.11/site-packages/" + name }
	wantConflicts := []llb.Conflict{
		{FileConflict: resolver.FileConflict{Packages: []string{"dfgood", "zevil"}, Count: 5, Paths: []string{
			"bin/dftool", rel("dfcached.py"), rel("dffolder"), rel("dfgood.py"), rel("dfknown.py"),
		}}, Winner: "dfgood"},
		{FileConflict: resolver.FileConflict{Packages: []string{"zevil"}, Count: 1, Paths: []string{"bin/serve"}}},
	}
	if d := cmp.Diff(wantConflicts, plan.Conflicts); d != "" {
		t.Errorf("the plan's conflicts (-want +got):\n%s", d)
	}
	if len(plan.Startup) != 3 {
		t.Errorf("the plan has startup files %v", plan.Startup)
	}

	// Nothing is asked again where nothing has changed.
	was := p.LockFiles(t)
	p.Lock(t)
	if d := cmp.Diff(was, p.LockFiles(t)); d != "" {
		t.Errorf("locked again:\n%s", d)
	}
}

// TestLastWheelWins installs wheels of one layer that all bring the same file.
func TestLastWheelWins(t *testing.T) {
	names := sameBucket(12)
	x := lab.NewIndex(t)
	for _, name := range names {
		x.Put(lab.WheelOf(t, name, "1.0", "py3-none-any", map[string]string{
			name + ".py": "", "shared.txt": strings.Repeat(name, 1<<14),
		}))
	}
	p := shared.Tiny(t, x.Table("local"), names...)
	p.Lock(t)
	plan := p.Plan(t)
	if len(plan.Layers) != 1 {
		t.Fatalf("%d layers; the test no longer shows anything", len(plan.Layers))
	}
	last := names[len(names)-1]
	if len(plan.Conflicts) != 1 || plan.Conflicts[0].Winner != last {
		t.Errorf("the plan's conflicts are %v; want %s to win", plan.Conflicts, last)
	}
	img := p.Build(t)
	img.Files(t, func(h *tar.Header, content io.Reader) {
		if filepath.Base(h.Name) != "shared.txt" {
			return
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != strings.Repeat(last, 1<<14) {
			t.Errorf("the image has the file of %.12s, and the plan says that of %s", text, last)
		}
	})
	if again := p.On(shared.Second(t)).Build(t); again.Digest != img.Digest {
		t.Error("another builder makes another image")
	}
}

// sameBucket are names of packages that a plan puts into one layer.
func sameBucket(count int) []string {
	var out []string
	for n := 0; len(out) < count; n++ {
		name := fmt.Sprintf("dfbucket%04d", n)
		if sha256.Sum256([]byte(name))[0]%16 == 5 {
			out = append(out, name)
		}
	}
	return out
}

// TestWheelOfTheEnvironment has a package bring what decides which Python runs.
func TestWheelOfTheEnvironment(t *testing.T) {
	// The second half has names that an installer straightens.
	for member, file := range map[string]string{
		"zevil-1.0.data/data/pyvenv.cfg": "pyvenv.cfg", "zevil-1.0.data/data/bin/python3.11": "bin/python3.11",
		"zevil-1.0.data/data/lib/python3.11": "lib/python3.11", "zevil-1.0.data/data/bin/../pyvenv.cfg": "pyvenv.cfg",
		"zevil-1.0.data//data/pyvenv.cfg": "pyvenv.cfg", "zevil-1.0.data/./data/bin/python3": "bin/python3",
		"./zevil-1.0.data/data/bin/python": "bin/python", "x/../zevil-1.0.data/data/pyvenv.cfg": "pyvenv.cfg",
		"other-0.data/data/pyvenv.cfg": "pyvenv.cfg",
	} {
		t.Run(strings.ReplaceAll(member, "/", "|"), func(t *testing.T) {
			// Other bytes in every run: a builder that has a file does not fetch it.
			x := lab.NewIndex(t)
			evil := lab.WheelOf(t, "zevil", "1.0", "py3-none-any", map[string]string{
				"zevil.py": "# " + x.URL, member: "home = /tmp\n",
			})
			x.Put(evil)
			p := shared.Tiny(t, x.Table("local"), "zevil")
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, "package zevil brings /opt/venv/"+file, "which is the environment's own")

			// A lock that somebody else wrote.
			good := lab.Wheel(t, "zevil", "1.0", "# good "+x.URL)
			x.Put(good)
			p.Lock(t)
			x.Put(evil)
			was := p.Read(t, "pylock.toml")
			p.Edit(t, "pylock.toml", fmt.Sprintf("%x", sha256.Sum256(good.Content)), fmt.Sprintf("%x", sha256.Sum256(evil.Content)))
			p.Edit(t, "Deployfile.lock", fmt.Sprintf("%x", sha256.Sum256([]byte(was))), fmt.Sprintf("%x", sha256.Sum256([]byte(p.Read(t, "pylock.toml")))))
			_, _, err = p.TryBuild(t, nil)
			buildtest.WantError(t, err, "zevil 1.0 brings /opt/venv/"+file, "which is the environment's own")
		})
	}
}
