package modelsource

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// TestFetchModel takes the files of an archive out of it in a step that has no secret, and
// knows nothing of the address.
func TestFetchModel(t *testing.T) {
	tools := toolchain.Toolchain{Root: bkllb.Image("toolchain.example.com/python"), Python: "/usr/bin/python3", Version: "3.11"}
	pin := Pin{Location: "https://example.com/m.tgz", Root: "iris", Archive: &File{Path: ArchiveFile, Size: 9, SHA256: sum}}
	access, err := Archive{}.Access(pin)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := FetchModel(tools, pin, []File{{Path: "MLmodel", Size: 3, SHA256: sum}}, &access)
	if err != nil {
		t.Fatal(err)
	}
	got := commands(t, tree.State)
	for _, want := range []string{"https://example.com/m.tgz", NetrcSecret, "unpack.py", "MLmodel", "iris"} {
		if !strings.Contains(got, want) {
			t.Errorf("the steps have no %q: %s", want, got)
		}
	}
	if _, err := FetchModel(tools, pin, []File{{Path: "../x", SHA256: sum}}, &access); err == nil {
		t.Error("a file outside of the model is unpacked")
	}
}

func TestArchiveCheck(t *testing.T) {
	for source, good := range map[string]bool{
		"https://example.com/m.tgz": true, "http://127.0.0.1:80/m.zip?version=3": true,
		"https:///m.tgz": false, "https://example.com/m.tgz#iris": false,
		"https://me:s3cr3t@example.com/m.tgz": false, "https://token@example.com/m.tgz": false,
	} {
		if s, err := Find(source); (err == nil) != good {
			t.Errorf("%s: %T, %v", source, s, err)
		} else if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s is shown: %v", source, err)
		}
	}
}
