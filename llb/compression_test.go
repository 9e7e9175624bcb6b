package llb

import (
	"testing"

	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// TestCompressionsShareNoLayer makes an image with each compression: no operation that
// makes a layer of one is in another, whatever its inputs are, since BuildKit takes inputs
// of the same contents for the same. Else the builder would export the layer as the first
// one did.
func TestCompressionsShareNoLayer(t *testing.T) {
	for _, name := range examples {
		all := map[string]map[string]string{}
		for _, compression := range []string{"", "zstd", "uncompressed"} {
			plan := examplePlan(t, name)
			in := exampleInputs(plan, true)
			in.Compression = compression
			image, err := plan.Image(in)
			if err != nil {
				t.Fatal(err)
			}
			all[compression] = operations(t, plan.Checked(in, image, plan.Verify(in, image)))
			layers := image.Layers()
			// The copy of it that waits for the checks is the layer.
			last := len(image.Environment) - 1
			layers = append(layers[:last], layers[last+1:]...)
			made := []string{named(t, all[compression], "[internal] wait for the checks")}
			for _, l := range layers {
				made = append(made, lastOperation(t, l))
			}
			for other, ops := range all {
				if other == compression {
					continue
				}
				for _, op := range made {
					if title, ok := ops[op]; ok {
						t.Errorf("%s: compressions %q and %q share the layer %q", name, other, compression, title)
					}
				}
			}
		}
	}
}

// operations returns the names of all vertices of a state by their operations.
func operations(t *testing.T, st bkllb.State) map[string]string {
	t.Helper()
	def, err := st.Marshal(t.Context(), bkllb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, data := range def.ToPB().Def {
		out[operation(t, data)] = def.Metadata[digest.FromBytes(data)].Description["llb.customname"]
	}
	return out
}

// named returns the operation of a name.
func named(t *testing.T, operations map[string]string, name string) string {
	t.Helper()
	for op, title := range operations {
		if title == name {
			return op
		}
	}
	t.Fatalf("no vertex is called %q", name)
	return ""
}

// lastOperation returns the operation that a state is the output of.
func lastOperation(t *testing.T, st bkllb.State) string {
	t.Helper()
	_, data, _, _, err := st.Output().Vertex(t.Context(), nil).Marshal(t.Context(), bkllb.NewConstraints(bkllb.LinuxAmd64))
	if err != nil {
		t.Fatal(err)
	}
	return operation(t, data)
}

// operation is an operation whatever its inputs are.
func operation(t *testing.T, data []byte) string {
	t.Helper()
	var op pb.Op
	if err := op.UnmarshalVT(data); err != nil {
		t.Fatal(err)
	}
	for _, in := range op.Inputs {
		in.Digest = ""
	}
	out, err := op.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
