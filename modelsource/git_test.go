package modelsource

import (
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
	bkllb "github.com/moby/buildkit/client/llb"
)

const commitOfTest = "0123456789abcdef0123456789abcdef01234567"

func TestParseGit(t *testing.T) {
	for source, want := range map[string]GitName{
		"git+https://example.com/team/models.git@v1.2#iris/model": {"https://example.com/team/models.git", "v1.2", "iris/model"},
		"git+https://example.com/team/models@feature/x":           {"https://example.com/team/models", "feature/x", ""},
		"git+ssh://git@example.com:2222/team/models.git#my iris":  {"ssh://git@example.com:2222/team/models.git", "", "my iris"},
	} {
		got, err := ParseGit(source)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v, %s", source, err, d)
		}
		if again, err := ParseGit(got.Pinned(commitOfTest)); err != nil || again.Ref != commitOfTest || again.Path != got.Path || again.URL != got.URL {
			t.Errorf("%s is pinned as %+v, %v", source, again, err)
		}
	}
	for _, source := range []string{
		"git+file:///srv/x", "git+ext::sh -c x", "git+https://", "git+https://example.com", "git+https://me:s3cr3t@example.com/x", "git+https://token@example.com/x",
		"git+ssh://-oProxyCommand=x/y", "git+https://example.com/x@--upload-pack=y", "git+https://example.com/x@", "git+https://example.com/x#../y", "git+https://example.com/x?y",
		"git+https://example.com/x%0Ahost=github.com%0Apath=y", "git+ssh://git%0Ahost=github.com@example.com/x", "git+https://example.com/x%0Dy", "git+https://example.com/x%00y",
	} {
		if got, err := ParseGit(source); err == nil {
			t.Errorf("%s is read as %+v", source, got)
		}
	}
}

func TestLFSAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.com/team/models.git": "https://example.com/team/models.git/info/lfs",
		"https://example.com/team/models/":    "https://example.com/team/models.git/info/lfs",
		"ssh://git@example.com:22/models":     "https://example.com/models.git/info/lfs",
	} {
		if got := (GitName{URL: address}).LFS(); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

// TestFetchGit has BuildKit fetch the commit, a step check its files, and another step
// fetch what Git LFS has.
func TestFetchGit(t *testing.T) {
	tools := toolchain.Toolchain{Root: bkllb.Image("toolchain.example.com/python"), Python: "/usr/bin/python3", Version: "3.11"}
	files := []File{{Path: "MLmodel", Size: 3, SHA256: sum}, {Path: "w.bin", Size: LargeFile, SHA256: sum}, {Path: "x.bin", Size: 9, SHA256: sum}}
	pin := Pin{Source: "git+https://example.com/x#iris", Resolved: "git+https://example.com/x@" + commitOfTest + "#iris", LFS: []string{"w.bin", "x.bin"}}
	access, err := Git{}.Access(pin)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := FetchModel(tools, pin, files, &access)
	if err != nil {
		t.Fatal(err)
	}
	got := commands(t, tree.State)
	for _, want := range []string{"unpack.py", "https://example.com/x.git/info/lfs", GitSecret + "example.com", "x.bin"} {
		if !strings.Contains(got, want) {
			t.Errorf("the steps have no %q: %s", want, got)
		}
	}
	def, err := tree.State.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(def.Def, func(op []byte) bool { return strings.Contains(string(op), "git://example.com/x#"+commitOfTest) }) {
		t.Error("BuildKit does not fetch the commit")
	}
	if large := commands(t, tree.Large["w.bin"]); !strings.Contains(large, "info/lfs") || strings.Contains(large, "x.bin") {
		t.Errorf("the large file: %s", large)
	}
	pin.Resolved = "git+https://example.com/x@main#iris"
	if _, err := FetchModel(tools, pin, files, &access); err == nil {
		t.Error("a branch is fetched")
	}
}
