package modelsource

import (
	"context"
	"slices"
	"strings"
	"testing"

	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

const ociDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func ociHash() string { return strings.TrimPrefix(ociDigest, "sha256:") }

// identifiers are the sources that a state is made from.
func identifiers(t *testing.T, st bkllb.State) []string {
	t.Helper()
	def, err := st.Marshal(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			t.Fatal(err)
		}
		if s := op.GetSource(); s != nil {
			out = append(out, s.Identifier)
		}
	}
	slices.Sort(out)
	return out
}

func TestOCI(t *testing.T) {
	weights := LayerFile{Path: "data/w.bin", Size: 9 << 20, SHA256: ociHash()}
	small := LayerFile{Path: "MLmodel", Size: 3, SHA256: ociHash()}
	r := Request{Source: "oci://registry.example.com/models/iris:1", Pin: "registry.example.com/models/iris@" + ociDigest, Root: "opt/model", Blobs: true}
	tree := func(layers ...Layer) Tree {
		t.Helper()
		q := r
		q.Layers = layers
		tr, err := OCI{}.Tree(q)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}

	image := tree()
	if got := identifiers(t, image.State); image.Dir != "models" || !slices.Equal(got, []string{"docker-image://registry.example.com/models/iris@" + ociDigest}) {
		t.Errorf("an image is %s of %v", image.Dir, got)
	}

	blob := "docker-image+blob://registry.example.com/models/iris@" + ociDigest
	mounted := tree(Layer{Digest: ociDigest, Form: "tar"}, Layer{Digest: ociDigest, Size: 9 << 20, Form: "tar", Image: ociDigest, Files: []LayerFile{weights}})
	if got := identifiers(t, mounted.State); mounted.Dir != "opt/model" || !slices.Equal(got, []string{blob}) {
		t.Errorf("the small files are %s of %v", mounted.Dir, got)
	}
	layer, ok := mounted.Layer([]string{"data/w.bin"})
	if got := identifiers(t, layer); !ok || !slices.Equal(got, []string{"docker-image://registry.example.com/models/iris@" + ociDigest}) {
		t.Errorf("the weights are of %v", got)
	}
	if _, ok := mounted.Layer([]string{"data/w.bin", "data/x.bin"}); ok {
		t.Error("a layer stands for files that it does not have")
	}
	if _, at := mounted.At("data/w.bin"); at != "/opt/model/data/w.bin" || len(mounted.Known) != 1 {
		t.Errorf("the weights are at %s", at)
	}

	raw := tree(Layer{Digest: ociDigest, Size: 3, Form: FormRaw, Files: []LayerFile{small}}, Layer{Digest: ociDigest, Size: 9 << 20, Form: FormRaw, Files: []LayerFile{weights}})
	st, at := raw.At("data/w.bin")
	if got := identifiers(t, st); at != "/w.bin" || !slices.Equal(got, []string{blob}) || len(raw.Known) != 1 {
		t.Errorf("raw weights are %s of %v", at, got)
	}
	if _, at := raw.At("MLmodel"); at != "/opt/model/MLmodel" {
		t.Errorf("MLmodel is at %s", at)
	}
}

// A lock of somebody else makes no build fetch what it does not pin, or write elsewhere.
func TestOCIRefuses(t *testing.T) {
	file := func(path string) []LayerFile { return []LayerFile{{Path: path, Size: 1, SHA256: ociHash()}} }
	good := Request{Pin: "registry.example.com/iris@" + ociDigest, Blobs: true}
	for name, change := range map[string]func(*Request){
		"no digest":         func(r *Request) { r.Pin = "registry.example.com/iris:1" },
		"no name":           func(r *Request) { r.Pin = "Iris" },
		"an old builder":    func(r *Request) { r.Blobs = false; r.Layers = []Layer{{Digest: ociDigest, Form: "tar"}} },
		"a layer by a tag":  func(r *Request) { r.Layers = []Layer{{Digest: "latest", Form: "tar"}} },
		"no layer":          func(r *Request) { r.Layers = []Layer{{Form: "tar"}} },
		"an unknown form":   func(r *Request) { r.Layers = []Layer{{Digest: ociDigest, Form: "tar+lz4"}} },
		"an image by a tag": func(r *Request) { r.Layers = []Layer{{Digest: ociDigest, Form: "tar", Image: "x", Files: file("a")}} },
		"raw without file":  func(r *Request) { r.Layers = []Layer{{Digest: ociDigest, Form: FormRaw}} },
		"a path that leads up": func(r *Request) {
			r.Layers = []Layer{{Digest: ociDigest, Form: FormRaw, Files: file("../x")}}
		},
		"another hash": func(r *Request) {
			r.Layers = []Layer{{Digest: ociDigest, Form: FormRaw, Files: []LayerFile{{Path: "a", Size: 1, SHA256: strings.Repeat("0", 64)}}}}
		},
	} {
		r := good
		change(&r)
		if _, err := (OCI{}).Tree(r); err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}
