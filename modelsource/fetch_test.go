package modelsource

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// TestFetch makes a step of each large file and one of the small ones. A step knows
// nothing of the store but what it is given.
func TestFetch(t *testing.T) {
	tools := toolchain.Toolchain{Root: bkllb.Image("toolchain.example.com/python"), Python: "/usr/bin/python3", Version: "3.11"}
	files := []File{{Path: "MLmodel", Size: 3, SHA256: sum}, {Path: "data/w.bin", Size: LargeFile, SHA256: sum}, {Path: "data/x", Size: LargeFile - 1, SHA256: sum}}
	tree, err := Fetch(tools, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	small, large := commands(t, tree.State), commands(t, tree.Large["data/w.bin"])
	if strings.Contains(small, "w.bin") || !strings.Contains(small, "data/x") || !strings.Contains(small, "MLmodel") || !strings.Contains(small, AccessSecret) {
		t.Errorf("the small files: %s", small)
	}
	if strings.Contains(large, "MLmodel") || !strings.Contains(large, "data/w.bin") || !strings.Contains(large, sum) || !strings.Contains(large, AccessSecret) {
		t.Errorf("the large file: %s", large)
	}
	if _, at := tree.At("data/w.bin"); at != "/data/w.bin" {
		t.Errorf("the large file is at %s", at)
	}
	access, err := MLflow{}.Access(Pin{Server: "https://mlflow.example.com", Location: "mlflow-artifacts:/1/m"})
	if err != nil {
		t.Fatal(err)
	}
	if tree, err = Fetch(tools, files, &access); err != nil {
		t.Fatal(err)
	}
	if got := commands(t, tree.State); !strings.Contains(got, "https://mlflow.example.com/api") || !strings.Contains(got, MLflowToken) || strings.Contains(got, AccessSecret) {
		t.Errorf("without the client: %s", got)
	}
}

// TestFetchRefuses refuses what an untrusted lock may have.
func TestFetchRefuses(t *testing.T) {
	for _, f := range []File{
		{Path: "../x", SHA256: sum}, {Path: "/etc/passwd", SHA256: sum}, {Path: "a\nb", SHA256: sum}, {Path: "", SHA256: sum},
		{Path: "x", SHA256: "abc"}, {Path: "x"}, {Path: "x", Size: -1, SHA256: sum},
	} {
		if _, err := Fetch(toolchain.Toolchain{}, []File{f}, nil); err == nil {
			t.Errorf("%+v is fetched", f)
		}
	}
}

// commands returns the vertices of a state as text.
func commands(t *testing.T, st bkllb.State) string {
	t.Helper()
	def, err := st.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, data := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		if exec := op.GetExec(); exec != nil {
			all.WriteString(exec.String())
		}
		if file := op.GetFile(); file != nil {
			for _, a := range file.Actions {
				if m := a.GetMkfile(); m != nil && m.Path == "/files.json" {
					all.Write(m.Data)
				}
			}
		}
	}
	return all.String()
}

// TestAccessSecret tells an Access that everybody may have from one with a credential or a
// signature.
func TestAccessSecret(t *testing.T) {
	at := func(address string) Access {
		return Access{URLs: map[string]string{"a": "https://example.com/a", "b": address}}
	}
	for _, tt := range []struct {
		access Access
		want   bool
	}{
		{Access{}, false},
		{Access{URL: "https://example.com", Signed: "https://example.com/sign", CA: "x"}, false},
		{Access{Session: map[string]string{"GIT_AUTH_HEADER.example.com": "x"}}, false}, // BuildKit's alone
		{Access{URL: "https://example.com", Headers: map[string]string{"Authorization": "x"}}, true},
		{at("https://example.com/b?versionId=1&x-id=GetObject"), false},
		{at("https://example.com/b?x-id=GetObject&X-Amz-Signature=1"), true},
		{at("https://example.com/b?sv=1&sig=1"), true},
		{at("https://example.com/b?x-id=GetObject;sig=1"), true},
		{at("https://me@example.com/b"), true},
		{at("https://exa mple.com/b"), true},
	} {
		if got := tt.access.Secret(); got != tt.want {
			t.Errorf("%+v: %t", tt.access, got)
		}
	}
}
