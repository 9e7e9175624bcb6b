package frontend

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// TestRefusedLines points at requirements and constraints, in whichever file
// they are, for the errors of several platforms.
func TestRefusedLines(t *testing.T) {
	found := &Inspection{
		File:  &deployfile.File{},
		Model: &mlmodel.Model{Requirements: []mlmodel.Requirement{{Name: "a", File: "model/requirements.txt", Line: 2}, {Name: "mlflow"}}},
		env:   &environment{ownConstraints: []mlmodel.Requirement{{Name: "b", File: "old.txt", Line: 1}, {Name: "c", File: "old.txt", Line: 2}}},
		files: fstest.MapFS{
			"model/requirements.txt": {Data: []byte("# a comment that nobody looked at\na==1  # nor at this\n")},
			"old.txt":                {Data: []byte("b<1\nc<1\n")},
		},
	}
	step := &resolver.StepError{Step: "resolve 2 requirements for linux/amd64", Kind: "unsatisfiable", Message: "you require a==1 and b<1, we can conclude"}
	wheel := &resolver.NoWheelError{Name: "c"}
	located := found.locate(errors.Join(fmt.Errorf("one: %w", step), errors.Join(wheel)))
	err := withSource(located, &pb.SourceInfo{Filename: "Deployfile"})
	want := []string{"model/requirements.txt:2: a==1  #", "old.txt:1: b<1", "old.txt:2: c<1"}
	if d := cmp.Diff(want, places(err)); d != "" {
		t.Error(d)
	}
	for _, s := range errdefs.Sources(err) {
		if strings.Contains(string(s.Info.Data), "nobody") {
			t.Errorf("a comment is drawn:\n%s", s.Info.Data)
		}
	}
}

// A Python that no image has is drawn where the model names it, and there alone.
func TestOldPython(t *testing.T) {
	for _, version := range []string{"2.7", "3.6.9", "3.8"} {
		files := replaceFiles("a\n")
		files["model/python_env.yaml"] = &fstest.MapFile{Data: []byte("# of MLflow\npython: " + version + "\ndependencies: [-r requirements.txt]\n")}
		_, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n"), files, nil)
		if err == nil || !strings.Contains(err.Error(), "model/python_env.yaml:2: the model was logged with Python "+version+", and images are made with 3.9 or later") {
			t.Errorf("%s: %v", version, err)
		}
		if d := cmp.Diff([]string{"model/python_env.yaml:2: python: " + version}, places(err)); d != "" {
			t.Error(d)
		}
		if _, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n[environment]\npython = \"3.11\"\n"), files, nil); err != nil {
			t.Errorf("with the key: %v", err)
		}
	}
}
