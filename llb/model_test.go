package llb

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/google/go-cmp/cmp"
	bkllb "github.com/moby/buildkit/client/llb"
)

func TestModelSnapshots(t *testing.T) {
	for _, name := range examples {
		plan := examplePlan(t, name)
		in := exampleInputs(plan, true)
		snapshot(t, filepath.Join("testdata", name, "model.txt"), describe(t, plan.ModelImage(in).State))
		snapshot(t, filepath.Join("testdata", name, "modelcar.txt"), describe(t, plan.Modelcar(in).State))
	}
}

// The same model is the same artifact whatever it is served by, and every time.
func TestModelKnowsNothingOfTheEnvironment(t *testing.T) {
	for _, merge := range []bool{true, false} {
		plan := examplePlan(t, "lightgbm")
		plan.Model.Large = []string{"model.bin", "more/[1].bin"}
		first := describe(t, plan.ModelImage(exampleInputs(plan, merge)).State)
		config, err := plan.ModelConfig()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(config.History), 1+len(plan.Model.Large); got != want {
			t.Errorf("%d entries of history, want %d: the small files and a layer for each large one", got, want)
		}
		for range 25 {
			other := examplePlan(t, "lightgbm")
			other.Model.Large = plan.Model.Large
			other.Layers, other.SystemPackages, other.Code = nil, nil, nil
			other.Base.Digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
			other.Config.Labels["org.opencontainers.image.base.digest"] = other.Base.Digest
			other.Config.Labels[imagespec.LabelServerPort] = "1"
			in := exampleInputs(other, merge)
			in.Base = bkllb.Image("base.example.com/another")
			if got := describe(t, other.ModelImage(in).State); !bytes.Equal(first, got) {
				t.Fatalf("the artifact depends on the environment:\n%s", cmp.Diff(string(first), string(got)))
			}
			again, err := other.ModelConfig()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(config, again); diff != "" {
				t.Fatalf("the configuration depends on the environment:\n%s", diff)
			}
		}
	}
}
