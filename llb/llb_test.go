package llb

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/layering"
	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

var update = flag.Bool("update", false, "write the snapshots anew")

// examples are the directories below ../examples; their locks, with other hosts,
// are in testdata.
var examples = []string{"iris", "lightgbm", "pyfunc"}

func amd64() ocispecs.Platform { return ocispecs.Platform{OS: "linux", Architecture: "amd64"} }

// examplePlan makes the plan of an example for linux/amd64.
func examplePlan(t *testing.T, name string) *Plan {
	t.Helper()
	plan, err := NewPlan(exampleSources(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func exampleSources(t *testing.T, name string) Sources {
	t.Helper()
	dir := filepath.Join("..", "examples", name)
	file, _, err := deployfile.Parse("Deployfile", read(t, filepath.Join(dir, "Deployfile")), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	model, _, err := mlmodel.Read(os.DirFS(dir), file.Model.Source)
	if err != nil {
		t.Fatal(err)
	}
	// When the model was logged changes whenever the example is made again.
	model.Created, model.ModelID, model.RunID = "2026-01-02T03:04:05.678Z", "m-0", "r-0"
	lock, err := resolver.ParseLock(read(t, filepath.Join("testdata", name, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	pylock, err := resolver.ParsePylock(read(t, filepath.Join("testdata", name, "pylock.toml")))
	if err != nil {
		t.Fatal(err)
	}
	return Sources{
		File: file, Model: model, Lock: lock, Pylock: pylock,
		Platform: "linux/amd64", BuildPlatform: "linux/amd64",
		BaseEnv: []string{"PATH=/usr/bin", "LANG=C.UTF-8"},
		Source:  "https://example.com/models", Revision: "0123abc",
	}
}

func exampleInputs(plan *Plan, merge bool) Inputs {
	constraints := []bkllb.ConstraintsOpt{bkllb.Platform(amd64())}
	// Local has a random part, as every session has its own.
	context := bkllb.Image("context.example.com/context")
	return Inputs{
		Base: bkllb.Image("base.example.com/python@" + plan.Base.Digest),
		Context: modelsource.Context{
			State: context, Model: modelsource.Tree{State: context, Dir: plan.Model.Dir}, ModelDir: plan.Model.Dir,
		},
		Toolchain: toolchain.Toolchain{
			Root:   bkllb.Image("base.example.com/python@" + plan.Toolchain.Digest),
			Python: plan.Toolchain.Python, Version: plan.Toolchain.PythonVersion,
			UV: plan.UV.State(constraints...), UVName: plan.UV.Filename, CA: "ca", Constraints: constraints,
		},
		Merge:       merge,
		Constraints: constraints,
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func snapshot(t *testing.T, name string, got []byte) {
	t.Helper()
	golden.Check(t, name, got, *update)
}

func TestPlanSnapshots(t *testing.T) {
	for _, name := range examples {
		got, err := json.MarshalIndent(examplePlan(t, name), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		snapshot(t, filepath.Join("testdata", name, "plan.json"), append(got, '\n'))
	}
}

// TestLLBSnapshots writes one line a vertex: what it does, on what.
func TestLLBSnapshots(t *testing.T) {
	for _, name := range examples {
		plan := examplePlan(t, name)
		st, err := plan.Image(exampleInputs(plan, true))
		if err != nil {
			t.Fatal(err)
		}
		snapshot(t, filepath.Join("testdata", name, "llb.txt"), describe(t, st.State))
	}
}

func describe(t *testing.T, st bkllb.State) []byte {
	t.Helper()
	def, err := st.Marshal(t.Context(), bkllb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, data := range def.ToPB().Def {
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		metadata := def.Metadata[digest.FromBytes(data)]
		name := metadata.Description["llb.customname"]
		if g := metadata.ProgressGroup; g != nil {
			name += " < " + g.Name
		}
		text, err := json.Marshal(jsonOf(t, &op))
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(name + "\t" + string(text) + "\n")
	}
	return out.Bytes()
}

// jsonOf decodes protojson, whose own spacing changes at random.
func jsonOf(t *testing.T, op *pb.Op) (v map[string]any) {
	t.Helper()
	text, err := protojson.Marshal(op)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	shorten(v)
	return v
}

// shorten takes out the text of files, which would drown the rest.
func shorten(v any) {
	switch v := v.(type) {
	case map[string]any:
		if data, ok := v["data"].(string); ok {
			v["data"] = digest.FromString(data).Encoded()[:12]
		}
		for _, x := range v {
			shorten(x)
		}
	case []any:
		for _, x := range v {
			shorten(x)
		}
	}
}

// The same plan has to give the same definition, whatever order maps have.
func TestMarshalIsDeterministic(t *testing.T) {
	for _, name := range examples {
		for _, merge := range []bool{true, false} {
			var first []byte
			for n := range 25 {
				plan := examplePlan(t, name)
				in := exampleInputs(plan, merge)
				st, err := plan.Image(in)
				if err != nil {
					t.Fatal(err)
				}
				def, err := plan.Checked(in, st, plan.Verify(in, st)).Marshal(t.Context(), bkllb.LinuxAmd64)
				if err != nil {
					t.Fatal(err)
				}
				got, err := json.Marshal(def.ToPB().Def)
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					first = got
				}
				if !bytes.Equal(first, got) {
					t.Fatalf("%s: definition %d differs from the first", name, n)
				}
			}
		}
	}
}

// A wheel's layer is the same in every image: nothing of the base or the
// model may be in what it is made from.
func TestInstallKnowsNothingOfTheImage(t *testing.T) {
	digests := map[string]map[digest.Digest]bool{}
	for _, name := range examples {
		plan := examplePlan(t, name)
		in := exampleInputs(plan, true)
		in.Base = bkllb.Image("base.example.com/" + name)
		for _, l := range plan.Layers {
			if len(l.Wheels) != 1 || l.Wheels[0].Size < layering.Large {
				continue
			}
			st, err := plan.install(in, l, plan.fetching(in), plan.installing(in))
			if err != nil {
				t.Fatal(err)
			}
			def, err := st.Marshal(t.Context(), bkllb.LinuxAmd64)
			if err != nil {
				t.Fatal(err)
			}
			head, err := def.Head()
			if err != nil {
				t.Fatal(err)
			}
			key := l.Wheels[0].Filename
			if digests[key] == nil {
				digests[key] = map[digest.Digest]bool{}
			}
			digests[key][head] = true
		}
	}
	if len(digests) < 3 {
		t.Fatalf("only %d large wheels; the examples no longer show anything", len(digests))
	}
	for wheel, d := range digests {
		if len(d) != 1 {
			t.Errorf("%s is installed in %d ways", wheel, len(d))
		}
	}
}

func TestBucketsMoveOneLayer(t *testing.T) {
	wheels := []Wheel{{Name: "alpha", Version: "1"}, {Name: "beta", Version: "1"}, {Name: "gamma", Version: "1"}, {Name: "delta", Version: "1"}}
	before := wheelLayers(wheels)
	bumped := append([]Wheel{}, wheels...)
	bumped[1].Version = "2"
	changed := 0
	for i, l := range wheelLayers(bumped) {
		if !cmp.Equal(l, before[i]) {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("a bump changed %d layers, want 1", changed)
	}
}
