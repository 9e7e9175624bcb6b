package llb

import (
	"slices"
	"testing"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/google/go-cmp/cmp"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestImageConfig(t *testing.T) {
	plan := examplePlan(t, "lightgbm")
	var base dockerspec.DockerOCIImage
	base.Config.Env = []string{"PATH=/usr/bin"}
	base.Config.Entrypoint = []string{"/entry"}
	base.Config.Labels = map[string]string{"from": "base", imagespec.LabelPrefix + "revision": "{}", imagespec.LabelModelName: "another"}
	base.History = []ocispecs.History{{CreatedBy: "base"}}
	img, err := plan.ImageConfig(base)
	if err != nil {
		t.Fatal(err)
	}
	c := img.Config
	got := map[string]any{
		"user": c.User, "cmd": c.Cmd, "entrypoint": c.Entrypoint, "dir": c.WorkingDir, "ports": c.ExposedPorts,
		"created": img.Created.String(), "arch": img.Architecture, "from": c.Labels["from"],
		"name": c.Labels[imagespec.LabelModelName], "title": c.Labels[ocispecs.AnnotationTitle],
		"record": c.Labels[imagespec.LabelPrefix+"revision"], "revision": c.Labels[ocispecs.AnnotationRevision], "source": c.Labels[ocispecs.AnnotationSource],
	}
	want := map[string]any{
		"user": "65532:65532", "cmd": []string{"serve"}, "entrypoint": []string(nil), "dir": imagespec.ModelDir,
		"ports":   map[string]struct{}{"8080/tcp": {}},
		"created": "2026-01-02 03:04:05 +0000 UTC", "arch": "amd64", "from": "base",
		"name": "diabetes", "title": "diabetes", "record": "", "revision": "0123abc", "source": "https://example.com/models",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n, want := len(img.History), 1+1+len(plan.layerNames()); n != want {
		t.Errorf("%d entries of history, want %d: base, system packages and a layer each", n, want)
	}
}

// What a model's conda.yaml sets comes after the base's variables, and before those of
// the Deployfile and of what the image itself needs.
func TestVariablesOfConda(t *testing.T) {
	s := exampleSources(t, "lightgbm")
	s.BaseEnv = []string{"PATH=/usr/bin", "LANG=C", "A=base", "OMP_NUM_THREADS=1"}
	s.Model.Variables = map[string]string{"A": "model", "B": "model", "C": "model"}
	s.File.Environment.Env = map[string]string{"B": "Deployfile"}
	plan, err := NewPlan(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A=model", "B=Deployfile", "C=model", "LANG=C", "PATH=/opt/venv/bin:/usr/bin"} {
		if !slices.Contains(plan.Config.Env, want) {
			t.Errorf("%s is not among %q", want, plan.Config.Env)
		}
	}
}
