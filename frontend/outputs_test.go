package frontend

import (
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/google/go-cmp/cmp"
)

// A target of the Deployfile cannot have the name of an output, and so hides none.
func TestOutputsAreReserved(t *testing.T) {
	var names []string
	for _, o := range Outputs() {
		names = append(names, o.Name)
		if _, _, err := deployfile.Parse("Deployfile", []byte("model.source = 'model'\n[targets."+o.Name+"]\nkind = 'docker'\n"), kinds.All()); err == nil {
			t.Errorf("[targets.%s] is accepted", o.Name)
		}
	}
	if d := cmp.Diff(deployfile.Outputs(), names); d != "" {
		t.Errorf("the names that deployfile reserves, and those of the outputs:\n%s", d)
	}
}

func TestFindOutput(t *testing.T) {
	for target, want := range map[string]string{"": OutputImage, "image": OutputImage, "lock": OutputLock, "modelcar": OutputModelcar, "prod": OutputImage} {
		if got := findOutput(target).name; got != want {
			t.Errorf("--target %q makes %q, want %q", target, got, want)
		}
	}
}
