package resolver

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/modelsource"
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
		Base:      Image{Ref: "python:3.11-slim", Digest: "sha256:" + sum, Python: "/usr/local/bin/python3.11", PythonVersion: "3.11"},
		Toolchain: Image{Ref: "python:3.11-slim", Digest: "sha256:" + sum, Python: "/usr/local/bin/python3.11", PythonVersion: "3.11"},
		UV:        []PlatformFile{{Platform: "linux/amd64", Download: toolchain.Download{Filename: "uv.whl", URL: "https://files.example.invalid/uv.whl", SHA256: sum}}},
		Platforms: []Platform{{
			Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.toml", PylockSHA256: hash([]byte("x")),
			Built:          []BuiltWheel{{Name: "old", Version: "1", Filename: "old-1-py3-none-any.whl", SHA256: sum, Requirements: "setuptools==80 \\\n    --hash=sha256:" + sum + "\n"}},
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

// A lock has a pin of the model's source only if there is one: those of directories
// are as they were before there were pins.
func TestModelSourceIsLocked(t *testing.T) {
	lock := exampleLock()
	plain, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(plain), "model-source") {
		t.Errorf("a pin in\n%s", plain)
	}
	lock.ModelSource = &modelsource.Pin{Source: "models:/iris@champion", Resolved: "models:/iris/3"}
	data, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseLock(data)
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if diff := cmp.Diff(lock.ModelSource, got.ModelSource); diff != "" {
		t.Error(diff)
	}
}

func TestParseLockRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"another version": {"version = 99\n", "deployfile lock"},
		"no version":      {"", "version 0"},
		"unknown key":     {"version = 1\nextra = 2\n", `"extra"`},
		"wrong type":      {"version = \"1\"\n", "version"},
		"no TOML":         {"version = \n", "line 1"},
	} {
		_, err := ParseLock([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
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

// A lock may come from an untrusted branch. None of these may reach a step.
func TestParseLockRefusesWhatNoLockHas(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Lock)
		want   string
	}{
		"nothing":                 {func(*Lock) {}, ""},
		"file name":               {func(l *Lock) { l.UV[0].Filename = "../uv" }, "not a file name"},
		"escape in a file name":   {func(l *Lock) { l.UV[0].Filename = "uv\x1b[2J.whl" }, "not a file name"},
		"no hash":                 {func(l *Lock) { l.UV[0].SHA256 = "" }, "no sha256"},
		"another source's scheme": {func(l *Lock) { l.UV[0].URL = "local://context" }, "http"},
		"an image for a file":     {func(l *Lock) { l.UV[0].URL = "docker-image://example.com/evil" }, "http"},
		"a credential":            {func(l *Lock) { l.UV[0].URL = "https://u:p@files.example.invalid/uv.whl" }, "http"},
		"no address":              {func(l *Lock) { l.UV[0].URL = "" }, "no URL"},
		"no digest":               {func(l *Lock) { l.Base.Digest = "" }, "digest"},
		"a command for Python":    {func(l *Lock) { l.Toolchain.Python = "sh" }, "path of a Python"},
		"a path through others":   {func(l *Lock) { l.Toolchain.Python = "/usr/../bin/python3.11" }, "path of a Python"},
		"endless tags":            {func(l *Lock) { l.Toolchain.PythonVersion = "3.999999999" }, "Python"},
		"endless platforms":       {func(l *Lock) { l.Platforms[0].Glibc = "2.400000000" }, "C library"},
		"a file to delete":        {func(l *Lock) { l.Platforms[0].Pylock = "README.md" }, "instead of"},
		"a platform twice":        {func(l *Lock) { l.Platforms = append(l.Platforms, l.Platforms[0]) }, "twice"},
		"a built wheel's name":    {func(l *Lock) { l.Platforms[0].Built[0].Filename = "x" }, "built wheel"},
		"an option to build with": {func(l *Lock) { l.Platforms[0].Built[0].Requirements = "-r /run/secrets/index-0\n" }, "not a pinned requirement"},
		"an index to build with":  {func(l *Lock) { l.Platforms[0].Built[0].Requirements = "--index-url https://evil.example.com\n" }, "not a pinned requirement"},
		"an index in a comment":   {func(l *Lock) { l.Platforms[0].Built[0].Requirements = "# x\r--index-url https://evil.example.com\n" }, "not a pinned requirement"},
		"an index in a marker": {func(l *Lock) {
			l.Platforms[0].Built[0].Requirements = "a==1 ; x\r--index-url https://evil.example.com\n"
		}, "not a pinned requirement"},
		"a Debian package's file": {func(l *Lock) { l.Platforms[0].SystemPackages[0].URL = "git://example.com/x" }, "http"},
		"a file name to obey":     {func(l *Lock) { l.UV[0].Filename = "\u202euv.whl" }, "not a file name"},
		"a model file elsewhere":  {func(l *Lock) { l.Model[0].Path = "../secret" }, "outside"},
		"a model file twice":      {func(l *Lock) { l.Model = append(l.Model, l.Model[0]) }, "is in the lock twice"},
		"a file and a directory": {func(l *Lock) {
			for _, name := range []string{"zz", "zz.b", "zz/b"} {
				l.Model = append(l.Model, ModelFile{Path: name, SHA256: l.Model[0].SHA256})
			}
		}, `"zz" is in the lock twice, or as a directory`},
		"a long path":            {func(l *Lock) { l.Model[0].Path = strings.Repeat("a", 5000) }, "more than 4096 bytes"},
		"a model file to obey":   {func(l *Lock) { l.Model[0].Path = "a\x1bb" }, `"a\x1bb" has a control character or invalid UTF-8 in its name`},
		"a model file backwards": {func(l *Lock) { l.Model[0].Path = "a\u202eb" }, "has a control character"},
		"a source to obey":       {func(l *Lock) { l.ModelSource = &modelsource.Pin{Source: "s3://a", Resolved: "s3://a\x1b"} }, "control character"},
		"a source without a pin": {func(l *Lock) { l.ModelSource = &modelsource.Pin{Source: "s3://a"} }, "is empty"},
		"a link to obey":         {func(l *Lock) { l.Model[0].Link = "a\nb" }, "is a link to \"a\\nb\", a name with a control character"},
	} {
		lock := exampleLock()
		tt.change(lock)
		data, err := lock.Encode()
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseLock(data)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

// Platforms by other names would be the same pylock file, and its hash be made for
// each.
func TestParseLockRefusesPlatforms(t *testing.T) {
	lock := exampleLock()
	lock.Platforms = append(lock.Platforms, lock.Platforms[0])
	lock.Platforms[0].Pylock = "pylock.linux-amd64.toml"
	lock.Platforms[1].Name, lock.Platforms[1].Pylock = "linux-amd64", "pylock.linux-amd64.toml"
	data, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseLock(data); err == nil || !strings.Contains(err.Error(), `platform "linux-amd64" is not supported`) {
		t.Errorf("error %v", err)
	}
}

// The indexes of a lock are those that it was made with.
func TestIndexList(t *testing.T) {
	want := []Index{
		{Name: "corp", URL: "https://packages.example.com/simple", Default: true},
		{Name: "more", URL: "https://more.example.com/simple", Packages: []string{"for", "default"}},
	}
	var i Inputs
	for _, x := range want {
		i.Indexes = append(i.Indexes, x.Input())
	}
	if d := cmp.Diff(want, i.IndexList(), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if got := (Inputs{Indexes: []string{"", "x"}}).IndexList(); got != nil {
		t.Errorf("%v of no index", got)
	}
}

func TestFindLinks(t *testing.T) {
	i := Inputs{Options: []string{"--no-index", "--find-links https://links.example.com/page", "--find-links ./model/wheels", "--prerelease allow"}}
	if got := i.FindLinks(); len(got) != 1 || got[0] != "https://links.example.com/page" {
		t.Errorf("%q", got)
	}
}
