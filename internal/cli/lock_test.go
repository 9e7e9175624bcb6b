package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
)

func pylock(packages string) []byte { return []byte("lock-version = \"1.0\"\n" + packages) }

// pinned returns an image whose digest repeats one digit.
func pinned(digit string) resolver.Image {
	return resolver.Image{Digest: "sha256:" + strings.Repeat(digit, 64), Python: "/usr/bin/python3.11", PythonVersion: "3.11"}
}

func encoded(t *testing.T, l *resolver.Lock) []byte {
	t.Helper()
	l.Version = resolver.LockVersion
	data, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestLockText(t *testing.T) {
	one := map[string][]byte{
		"Deployfile.lock": encoded(t, &resolver.Lock{
			Base: pinned("a"), Toolchain: pinned("a"),
			Platforms: []resolver.Platform{{Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.toml", SystemPackages: []resolver.SystemPackage{{Name: "libgomp1", Version: "12", Download: toolchain.Download{Filename: "libgomp1_12_amd64.deb", URL: "https://debian.example.com/libgomp1_12_amd64.deb", SHA256: strings.Repeat("a", 64)}}}}},
		}),
		"pylock.toml": pylock("[[packages]]\nname = \"numpy\"\nversion = \"1.0\"\n[[packages]]\nname = \"six\"\nversion = \"1.17\"\n"),
	}
	two := map[string][]byte{
		"Deployfile.lock": encoded(t, &resolver.Lock{
			Base: pinned("b"), Toolchain: pinned("a"),
			Platforms: []resolver.Platform{
				{Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.linux-amd64.toml"},
				{Name: "linux/arm64", Glibc: "2.36", Pylock: "pylock.linux-arm64.toml"},
			},
		}),
		"pylock.linux-amd64.toml": pylock("[[packages]]\nname = \"numpy\"\nversion = \"2.0\"\n"),
		"pylock.linux-arm64.toml": pylock(""),
	}
	asked := func(requirement, address string, model ...resolver.ModelFile) map[string][]byte {
		return map[string][]byte{
			"Deployfile.lock": encoded(t, &resolver.Lock{
				Inputs: resolver.Inputs{Requirements: []string{requirement}},
				Base:   pinned("a"), Toolchain: pinned("a"), Model: model,
				Platforms: []resolver.Platform{{Name: "linux/amd64", Glibc: "2.36", Pylock: "pylock.toml"}},
			}),
			"pylock.toml": pylock("# " + address + "\n"),
		}
	}
	file := resolver.ModelFile{Path: "MLmodel", Size: 1, SHA256: strings.Repeat("a", 64)}
	tests := []struct {
		name      string
		old, made map[string][]byte
		want      string
	}{
		{"first", nil, one, "Deployfile.lock: 2 packages for linux/amd64\n"},
		{"same", one, one, "Deployfile.lock is up to date\n"},
		{"other", one, two, `Deployfile.lock: 0 packages for linux/arm64, 1 packages for linux/amd64
  ~ base sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -> sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
  ~ linux/amd64 numpy 1.0 -> 2.0
  - linux/amd64 six 1.17
  - linux/amd64 debian libgomp1 12
`},
		{"back", two, one, `Deployfile.lock: 2 packages for linux/amd64
  ~ base sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb -> sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  ~ numpy 2.0 -> 1.0
  + six 1.17
  + debian libgomp1 12
`},
		{"asked for something else", asked("numpy", "here"), asked("numpy==2", "here", file), `Deployfile.lock: 0 packages for linux/amd64
  requirement "numpy==2" was added
  requirement "numpy" was removed
  model file "MLmodel" was added
`},
		{"the same from elsewhere", asked("numpy", "here"), asked("numpy", "there"), `Deployfile.lock: 0 packages for linux/amd64
  other bytes in pylock.toml
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changes, err := compare.Locks("Deployfile.lock", test.old, test.made)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lockText(changes)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUpgraded(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("model", 0o755); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name                   string
		values, args           []string
		wantPackages, wantArgs []string
		wrong                  bool
	}{
		{"everything", []string{"*"}, nil, []string{"*"}, nil, false},
		{"everything of a directory", []string{"*"}, []string{"model"}, []string{"*"}, []string{"model"}, false},
		{"packages", []string{"*", "*"}, []string{"numpy", "Scipy_x", "model"}, []string{"numpy", "Scipy_x"}, []string{"model"}, false},
		{"both ways", []string{"a", "*"}, []string{"b"}, []string{"a", "b"}, nil, false},
		{"neither", []string{"*"}, []string{"./nowhere"}, nil, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			packages, context, err := upgraded(test.values, test.args)
			if (err != nil) != test.wrong {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{test.wantPackages, test.wantArgs}, [][]string{packages, context}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
