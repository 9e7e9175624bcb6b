package resolver

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func exampleLock() *Lock {
	return &Lock{
		Version: LockVersion,
		Inputs: Inputs{
			Python: "3.11", Base: "python:3.11-slim", MLflow: "skinny",
			Requirements: []string{"mlflow==3.1.0", `tool ; sys_platform == "linux"`}, SystemPackages: []string{"libgomp1"},
		},
		Base:      Image{Ref: "python:3.11-slim", Digest: "sha256:aa", Python: "/usr/local/bin/python3.11", PythonVersion: "3.11"},
		Toolchain: Image{Ref: "python:3.11-slim", Digest: "sha256:aa", Python: "/usr/local/bin/python3.11", PythonVersion: "3.11"},
		UV:        []PlatformFile{{Platform: "linux/amd64", Download: toolchain.Download{Filename: "uv.whl", URL: "https://files.example.invalid/uv.whl", SHA256: sum}}},
		Platforms: []Platform{{
			Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.toml", PylockSHA256: hash([]byte("x")),
			Built:          []BuiltWheel{{Name: "old", Version: "1", Filename: "old-1-py3-none-any.whl", SHA256: sum, Requirements: "setuptools==80 \\\n    --hash=sha256:dd\n"}},
			SystemPackages: []SystemPackage{{Name: "libgomp1", Version: "12", Download: toolchain.Download{Filename: "libgomp1.deb", URL: "https://debs.example.invalid/libgomp1.deb", SHA256: sum, Size: 7}}},
		}},
		Model: []ModelFile{{Path: "MLmodel", Size: 3, SHA256: "ff"}},
	}
}

func TestLockIsReadAsItWasWritten(t *testing.T) {
	lock := exampleLock()
	data, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseLock(data)
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if diff := cmp.Diff(lock, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	again, err := got.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(data), string(again)); diff != "" {
		t.Errorf("written twice:\n%s", diff)
	}
}

func TestParseLockRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"another version": {"version = 99\n", "deployfile lock"},
		"no version":      {"", "version 0"},
		"unknown key":     {"version = 1\nextra = 2\n", `"extra"`},
		"wrong type":      {"version = \"1\"\n", "version"},
		"no TOML":         {"version = \n", "line 1"},
		"file name":       {"version = 1\n[[uv]]\nfilename = \"../uv\"\n", "not a file name"},
		"no hash":         {"version = 1\n[[uv]]\nfilename = \"uv.whl\"\n", "no sha256"},
		"model path":      {"version = 1\n[[model]]\npath = \"../secret\"\n", "outside"},
	} {
		_, err := ParseLock([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func TestInputsChanges(t *testing.T) {
	was := exampleLock().Inputs
	for _, tt := range []struct {
		name   string
		change func(*Inputs)
		want   []string
	}{
		{"nothing", func(*Inputs) {}, nil},
		{"python", func(i *Inputs) { i.Python = "3.12" }, []string{`python was "3.11" and is now "3.12"`}},
		{"bump", func(i *Inputs) { i.Requirements = []string{"mlflow==3.2.0", i.Requirements[1]} },
			[]string{`requirement "mlflow==3.2.0" was added`, `requirement "mlflow==3.1.0" was removed`}},
		{"order", func(i *Inputs) { i.Requirements = []string{i.Requirements[1], i.Requirements[0]} }, []string{"the order of the requirements changed"}},
		{"system package", func(i *Inputs) { i.SystemPackages = nil }, []string{`system package "libgomp1" was removed`}},
		{"index", func(i *Inputs) { i.Indexes = []string{"corp https://pypi.example.com/simple"} }, []string{`index "corp https://pypi.example.com/simple" was added`}},
	} {
		now := exampleLock().Inputs
		tt.change(&now)
		if diff := cmp.Diff(tt.want, was.Changes(now)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestModelChanges(t *testing.T) {
	lock := &Lock{Model: []ModelFile{{"MLmodel", 1, "aa"}, {"model.pkl", 2, "bb"}, {"old", 3, "cc"}}}
	got := lock.ModelChanges([]ModelFile{{"MLmodel", 1, "aa"}, {"model.pkl", 2, "b0"}, {"new", 1, "dd"}})
	want := []string{`model file "model.pkl" has other contents`, `model file "new" was added`, `model file "old" was removed`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestVerifyPylocks(t *testing.T) {
	lock := exampleLock()
	for name, tt := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"as locked": {map[string][]byte{"pylock.toml": []byte("x")}, ""},
		"missing":   {nil, "pylock.toml is missing"},
		"edited":    {map[string][]byte{"pylock.toml": []byte("y")}, "not the file"},
	} {
		err := lock.VerifyPylocks(tt.files)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestPylockName(t *testing.T) {
	if got := PylockName("linux/amd64", []string{"linux/amd64"}); got != "pylock.toml" {
		t.Error(got)
	}
	if got := PylockName("linux/arm64", []string{"linux/amd64", "linux/arm64"}); got != "pylock.linux-arm64.toml" {
		t.Error(got)
	}
}
