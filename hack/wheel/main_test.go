package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPythonVersion(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.0": "1.2.0", "1.2": "1.2", "v1.2.0-rc.1": "1.2.0rc1", "v1.2.0-alpha2": "1.2.0a2", "v1.2.0-beta.3": "1.2.0b3",
		"v1.2.0-14-g0a1b2c3": "1.2.0+14.g0a1b2c3", "v1.2.0-rc.1-14-g0a1b2c3-dirty": "1.2.0rc1+14.g0a1b2c3.dirty", "v1.2.0-dirty": "1.2.0+dirty",
		"0a1b2c3": "0.dev0+0a1b2c3", "devel": "0.dev0+devel", "feature/x_y": "0.dev0+feature.x.y", "": "0.dev0",
	} {
		if got := pythonVersion(version); got != want {
			t.Errorf("%q is %q, want %q", version, got, want)
		}
	}
}

// TestPack packs a program twice, in other places at other times, and reads the wheel as
// an installer does.
func TestPack(t *testing.T) {
	t.Chdir("../..")
	made := func(platform string) (string, []byte) {
		program := filepath.Join(t.TempDir(), "built")
		if err := os.WriteFile(program, []byte("program"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program+".cdx.json", []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		out := t.TempDir()
		if err := pack("v1.0.0", "python", out, platform+"="+program); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(out + "/*.whl")
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(found[0]), data
	}
	name, data := made("linux/amd64")
	if want := "deployfile-1.0.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.musllinux_1_1_x86_64.whl"; name != want {
		t.Errorf("the wheel is %s", name)
	}
	if _, again := made("linux/amd64"); !bytes.Equal(data, again) {
		t.Error("the same files make another wheel")
	}
	files := read(t, data)
	program := files["deployfile-1.0.0.data/scripts/deployfile"]
	if program.text != "program" || program.mode&0o111 == 0 {
		t.Errorf("the program is %q, mode %o", program.text, program.mode)
	}
	if files["deployfile/__init__.py"].text == "" || files["deployfile/py.typed"].mode == 0 || files["deployfile-1.0.0.dist-info/sboms/deployfile.cdx.json"].text != "{}" {
		t.Error("a file is missing")
	}
	if got := files["deployfile-1.0.0.dist-info/WHEEL"].text; strings.Count(got, "Tag: py3-none-") != 3 {
		t.Errorf("WHEEL is %q", got)
	}
	if got := files["deployfile-1.0.0.dist-info/entry_points.txt"].text; got != "[mlflow.deployments]\ndeployfile = deployfile.mlflow.plugin\n" {
		t.Errorf("entry_points.txt is %q", got)
	}
	if got := files["deployfile-1.0.0.dist-info/METADATA"].text; !strings.Contains(got, "\nVersion: 1.0.0\n") || strings.Contains(got, "Requires-Dist") {
		t.Errorf("METADATA is %q", got)
	}
	checkRecord(t, files)

	name, data = made("windows/arm64")
	if _, ok := read(t, data)["deployfile-1.0.0.data/scripts/deployfile.exe"]; !ok || !strings.HasSuffix(name, "-win_arm64.whl") {
		t.Errorf("%s has no program", name)
	}
	if err := pack("v1.0.0", "python", t.TempDir(), "plan9/amd64=x"); err == nil {
		t.Error("a platform without a tag is packed")
	}
}

type packed struct {
	text string
	mode os.FileMode
}

func read(t *testing.T, data []byte) map[string]packed {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]packed{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = packed{string(text), f.Mode()}
	}
	return files
}

// checkRecord compares RECORD with the files.
func checkRecord(t *testing.T, files map[string]packed) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(files["deployfile-1.0.0.dist-info/RECORD"].text)).ReadAll()
	if err != nil || len(rows) != len(files) {
		t.Fatalf("RECORD has %d rows of %d files, %v", len(rows), len(files), err)
	}
	for _, row := range rows[:len(rows)-1] {
		sum := sha256.Sum256([]byte(files[row[0]].text))
		if row[1] != "sha256="+base64.RawURLEncoding.EncodeToString(sum[:]) || row[2] != fmt.Sprint(len(files[row[0]].text)) {
			t.Errorf("RECORD says %q", row)
		}
	}
}
