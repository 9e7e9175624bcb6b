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

// TestUnsatisfied reads what uv says.
func TestUnsatisfied(t *testing.T) {
	for said, want := range map[string][]string{
		"Because there is no version of a==9 and you require a==9, we can conclude that your requirements are unsatisfiable.": {"a"},
		"Because all versions of b depend on a>=2 and you\n         require a>=1,<2, we can conclude that your requirements and all versions of b are incompatible.\n" +
			"         And because you require b==1.0, we can conclude that your requirements are unsatisfiable.": {"a", "b"},
		"And because you require b.c and d_e[x]>=1, we can conclude that your requirements are unsatisfiable.": {"b.c", "d_e"},
		"hint: Wheels are available for `f` (v1.0) on the following platform: `macosx_11_0_arm64`":             {"f"},
		"hint: You require CPython 3.11 (`cp311`), but we only found wheels for `g` (v1.0) with the following": {"g"},
		"hint: Wheels are required for `h` because building from source is disabled for all packages":          {"h"},
		"error: Failed to fetch: https://packages.example.com/simple/a/":                                       nil,
	} {
		if d := cmp.Diff(want, unsatisfied(said)); d != "" {
			t.Errorf("%s: %s", said, d)
		}
	}
}

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
