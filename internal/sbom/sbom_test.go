package sbom

import (
	"bytes"
	"encoding/json"
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the snapshots anew")

func sum(digit string) string { return strings.Repeat(digit, 64) }

func wheel(name, version, digit string) llb.Wheel {
	file := name + "-" + version + "-py3-none-any.whl"
	return llb.Wheel{Name: name, Version: version, Download: toolchain.Download{
		Filename: file, URL: "https://files.example.com/" + file, SHA256: sum(digit), Size: 1000,
	}}
}

// example has a package of every kind: from an index, from the context, built
// from an archive and from a repository, Debian's with and without a
// replacement in the base.
func example() Input {
	fromIndex := wheel("numpy", "2.4.6", "1")
	fromIndex.URL += "?token=hunter2"
	local := wheel("Local_Thing", "1.0+cpu", "2")
	local.URL, local.Path = "", "wheels/"+local.Filename
	fromArchive := wheel("archive", "0.1", "3")
	fromArchive.URL, fromArchive.Source = "", &resolver.Source{
		Name: "archive", File: &resolver.PylockFile{URL: "https://me:hunter2@files.example.com/archive-0.1.tar.gz"},
	}
	fromGit := wheel("git-thing", "3.0", "4")
	fromGit.URL, fromGit.Source = "", &resolver.Source{Name: "git-thing", VCS: &resolver.PylockVCS{
		Type: "git", URL: "https://x:hunter2@git.example.com/thing.git", CommitID: strings.Repeat("a", 40), Subdirectory: "python",
	}}
	return Input{
		Plan: &llb.Plan{
			Platform: "linux/amd64",
			Base:     resolver.Image{Ref: "registry.example.com/team/python:3.11-slim", Digest: "sha256:" + sum("b")},
			SystemPackages: []resolver.SystemPackage{
				{Name: "libgomp1", Version: "12.2.0-14+deb12u1", Download: toolchain.Download{
					Filename: "libgomp1_12.2.0-14+deb12u1_amd64.deb", SHA256: sum("5"), Size: 115772,
					URL: "http://packages.example.com/debian/libgomp1_12.2.0-14%2bdeb12u1_amd64.deb",
				}},
				{Name: "zlib1g", Version: "1:1.2.13-2", Download: toolchain.Download{
					Filename: "zlib1g_1%3a1.2.13-2_amd64.deb", SHA256: sum("6"),
					URL: "http://packages.example.com/debian/zlib1g_1.2.13-2_amd64.deb",
				}},
			},
			Layers: []llb.WheelLayer{
				{Name: "numpy", Wheels: []llb.Wheel{fromIndex}},
				{Name: "bucket-00", Wheels: []llb.Wheel{local, fromArchive}},
				{Name: "bucket-01", Wheels: []llb.Wheel{fromGit}},
			},
			Model: llb.ModelPlan{Dir: "model", Files: []resolver.ModelFile{
				{Path: "MLmodel", Size: 900, SHA256: sum("7")},
				{Path: "data/model é.skops", Size: 27056, SHA256: sum("8")},
			}},
			Config: llb.ConfigPlan{Created: "2026-11-22T14:05:19Z", Labels: map[string]string{
				"org.opencontainers.image.source":   "https://me:hunter2@git.example.com/models.git",
				"org.opencontainers.image.revision": strings.Repeat("c", 40),
			}},
		},
		Model: &mlmodel.Model{
			MLflowVersion: "3.17.2", Created: "2026-11-22T14:05:19.884265Z", RunID: "run1", UUID: "a753b6b45116472c8bebfe1023be8869",
			Flavors: []string{"python_function", "sklearn"}, Loader: "mlflow.sklearn", Python: "3.11.7",
			Signature: json.RawMessage(`{"inputs":[{"type":"double","name":"petal <length>","required":true},{"type":"string","name":"note","required":false},{"type":"array","items":{"type":"long"},"name":"ids","required":true}],"outputs":[{"type":"tensor","tensor-spec":{"dtype":"int64","shape":[-1]}}]}`),
		},
		Origin: &modelsource.Pin{
			Source: "models:/iris@champion", Resolved: "models:/iris/3", Server: "https://mlflow.example.com", Location: "https://me:hunter2@files.example.com/iris?sig=hunter2",
			Name: "iris", Version: "3", Alias: "champion", ModelID: "m-1", RunID: "run1", Experiment: "7", Commit: strings.Repeat("d", 40),
		},
		Name: "iris", Version: "1.4.0", ToolVersion: "0.1.0",
		BasePackages: []DebianPackage{
			{"zlib1g", "1:1.2.13-1", "amd64"}, {"libstdc++6", "12.2.0-14", "amd64"}, {"libstdc--6", "1", "amd64"}, {"tzdata", "2026a-0", "all"},
		},
		Licenses: map[string]License{
			"numpy":       {Expression: "BSD-3-Clause AND (MIT OR Apache-2.0)"},
			"local-thing": {Text: "Ours, all rights reserved"},
			"archive":     {Expression: "LicenseRef-Proprietary"},
		},
	}
}

type format struct {
	name  string
	write func(Input) ([]byte, error)
}

func documents() []format {
	return []format{{"example.spdx.json", SPDX}, {"example.cdx.json", CycloneDX}}
}

func TestSnapshots(t *testing.T) {
	for _, f := range documents() {
		t.Run(f.name, func(t *testing.T) {
			got, err := f.write(example())
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", f.name)
			golden.Check(t, file, got, *update)
			if bytes.Contains(got, []byte("hunter2")) {
				t.Error("the document holds a credential")
			}
		})
	}
}

func TestSameBytes(t *testing.T) {
	for _, f := range documents() {
		want, err := f.write(example())
		if err != nil {
			t.Fatal(err)
		}
		for range 25 {
			in := example()
			slices.Reverse(in.Plan.Layers)
			slices.Reverse(in.BasePackages)
			got, err := f.write(in)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got) {
				t.Fatalf("%s differs from run to run:\n%s", f.name, cmp.Diff(string(want), string(got)))
			}
		}
	}
}

// TestIdentity checks that another document has another identifier.
func TestIdentity(t *testing.T) {
	other := example()
	other.Plan.Layers[0].Wheels[0].Version = "2.4.7"
	for _, f := range documents() {
		seen := map[string]bool{}
		for _, in := range []Input{example(), other} {
			data, err := f.write(in)
			if err != nil {
				t.Fatal(err)
			}
			var d struct{ SerialNumber, DocumentNamespace string }
			if err := json.Unmarshal(data, &d); err != nil {
				t.Fatal(err)
			}
			seen[d.SerialNumber+d.DocumentNamespace] = true
		}
		if len(seen) != 2 {
			t.Errorf("%s: identifiers %v, want two", f.name, seen)
		}
	}
}

func TestErrors(t *testing.T) {
	badTime, twice, badSignature := example(), example(), example()
	badTime.Plan.Config.Created = "today"
	twice.Plan.Layers[1].Wheels[0].Name = "NumPy"
	badSignature.Model.Signature = json.RawMessage(`[1]`)
	tests := []struct {
		name, want string
		in         Input
	}{
		{"no plan", "an SBOM needs a plan", Input{}},
		{"bad time", "time of creation: ", badTime},
		{"package twice", "package numpy is listed twice", twice},
		{"bad signature", "the model's signature: ", badSignature},
	}
	for _, test := range tests {
		for _, f := range documents() {
			t.Run(test.name+"/"+f.name, func(t *testing.T) {
				if _, err := f.write(test.in); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
			})
		}
	}
}
