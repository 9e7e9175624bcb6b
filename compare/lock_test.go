package compare_test

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
)

var hexDigest = strings.Repeat("ab", 32)

var pylockText = `lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "numpy"
version = "2.4.6"
[[packages.wheels]]
name = "numpy-2.4.6-py3-none-any.whl"
url = "https://packages.example.com/numpy-2.4.6-py3-none-any.whl"
hashes = {sha256 = "` + hexDigest + `"}
[[packages]]
name = "ours"
[packages.vcs]
type = "git"
url = "https://git.example.com/ours"
commit-id = "0123456789abcdef0123456789abcdef01234567"
`

func TestFromLock(t *testing.T) {
	lock := &resolver.Lock{
		Inputs:    resolver.Inputs{Python: "3.11", MLflow: "skinny", Requirements: []string{"numpy"}},
		Base:      resolver.Image{Ref: "python:3.11-slim", Digest: "sha256:b"},
		Toolchain: resolver.Image{Ref: "context:base", Digest: "sha256:t", PythonVersion: "3.11"},
		Model:     []resolver.ModelFile{{Path: "MLmodel", Size: 3, SHA256: "ff"}, {Path: "latest", Size: 1, SHA256: "aa", Link: "v"}, {Path: "run", Size: 4, SHA256: "ee", Executable: true}},
		Platforms: []resolver.Platform{{
			Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.toml",
			Built:          []resolver.BuiltWheel{{Name: "ours", Version: "0.3"}},
			SystemPackages: []resolver.SystemPackage{{Name: "libgomp1", Version: "12", Download: toolchain.Download{Filename: "x.deb"}}},
		}},
	}
	got, err := compare.FromLock("Deployfile.lock", lock, map[string][]byte{"pylock.toml": []byte(pylockText)})
	if err != nil {
		t.Fatal(err)
	}
	want := []compare.Platform{{Name: "linux/amd64", Facts: facts{
		compare.Base:          versions("digest", "sha256:b", "name", "python:3.11-slim"),
		compare.Toolchain:     versions("digest", "sha256:t", "python", "3.11"),
		compare.Request:       versions("python", "3.11", "mlflow", "skinny"),
		compare.Requirement:   versions("numpy", ""),
		compare.Constraint:    {},
		compare.Override:      {},
		compare.Without:       {},
		compare.Option:        {},
		compare.Index:         {},
		compare.Package:       versions("numpy", "2.4.6", "ours", "0.3"),
		compare.PackageSource: versions("numpy", "numpy-2.4.6-py3-none-any.whl sha256:"+hexDigest, "ours", "https://git.example.com/ours@0123456789abcdef0123456789abcdef01234567"),
		compare.SystemPackage: versions("libgomp1", "12"),
		compare.ModelFile:     {"MLmodel": {Value: "sha256:ff", Size: 3}, "latest": {Value: "link to v", Size: 1}, "run": {Value: "executable, sha256:ee", Size: 4}},
	}}}
	if d := cmp.Diff(want, got.Platforms); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	_, err = compare.FromLock("Deployfile.lock", lock, nil)
	if err == nil || !strings.Contains(err.Error(), "pylock.toml, which the lock names, is missing") {
		t.Errorf("a missing pylock: %v", err)
	}
}
