package frontend

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// What goes wrong with a line of the model says which key mends it.
func TestHints(t *testing.T) {
	found := &Inspection{
		File: &deployfile.File{Environment: deployfile.Environment{Override: []string{"mended==1"}}},
		Model: &mlmodel.Model{Requirements: []mlmodel.Requirement{
			{Name: "a", Text: "a==9", Specifier: "==9", Line: 1}, {Name: "pywin32", Line: 2}, {Name: "torch", Line: 3}, {Name: "sklearn", Line: 4}, {Name: "mended", Line: 5},
			{Text: "git+https://example.com/x@1a2b", VCS: "git+https://example.com/x@1a2b", Line: 6}, {Name: "tool", VCS: "git+https://example.com/t@1a2b", Line: 7},
		}},
		env: &environment{ownRequirements: []mlmodel.Requirement{{Name: "own", File: "own.txt", Line: 1}, {Name: "torch", Line: 1}}},
	}
	unsatisfiable := func(said string) error {
		return &resolver.StepError{Step: "resolve 1 requirements for linux/amd64", Kind: "unsatisfiable", Message: said}
	}
	for _, c := range []struct {
		err  error
		name string
		// hint is a part of it, "" if there is none.
		hint string
	}{
		{unsatisfiable("there is no version of a==9 and you require a==9, we can conclude"), "a", `override = ["a==VERSION"]`},
		{unsatisfiable("there is no version of own==9 and you require own==9, we can conclude"), "own", ""},
		{unsatisfiable("there is no version of mended==9"), "mended", ""},
		{unsatisfiable("hint: Wheels are available for `pywin32` (v306) on the following platforms: `win32`, `win_amd64`\nhint: Wheels are available for `other` (v1) on the following platform: `macosx_11_0_arm64`"), "pywin32",
			`without = ["pywin32", "other"]`},
		{unsatisfiable("hint: Wheels are available for `a` (v1) on the following platforms: `manylinux_2_28_x86_64`, `win_amd64`"), "a", `override = ["a==VERSION"]`},
		{unsatisfiable("Because there is no version of torch==2.1.0+cu118 and you"), "torch", `PyTorch's own index for cu118, whose address ends in /whl/cu118 under [[environment.indexes]], with packages = ["torch"], or take the build of the default index: override = ["torch==2.1.0"]`},
		{unsatisfiable("Because there is no version of a==2.4.0+ubuntu1 and you"), "a", `without = ["a"] in [environment], or take the build of the default index: override = ["a==2.4.0"]`},
		{unsatisfiable("Because sklearn was not found in the package registry and you"), "sklearn", `did you mean scikit-learn?`},
		{unsatisfiable("you require torch==1 and torch==2, we can conclude"), "torch", "deployfile add torch==VERSION"},
		{&resolver.NoWheelError{Name: "a"}, "a", `without = ["a"]`},
		{&resolver.RequirementError{Name: "tool", Err: unsatisfiable("x")}, "tool", `override = ["tool @ git+https://…@REVISION"]`},
		{&resolver.RequirementError{Name: "git+https://example.com/x@1a2b"}, "git+https://example.com/x@1a2b", `without = ["git+https://example.com/x@1a2b"]`},
		{&resolver.RequirementError{Name: "a", Err: &resolver.BuildError{Name: "a", Reason: "x"}}, "a", "override = [\"a==VERSION\"] in [environment] of the Deployfile; to leave it out, without = [\"a\"]\nthe log"},
		{&resolver.RequirementError{Name: "sklearn", Err: &resolver.BuildError{Name: "sklearn", Meant: "scikit-learn"}}, "sklearn", `without = ["sklearn"], and requirements = ["scikit-learn"]`},
		{&resolver.RequirementError{Name: "own", Err: &resolver.BuildError{Name: "own"}}, "own", ""},
	} {
		was := c.err.Error()
		got := strings.TrimPrefix(found.withHint(c.err, []string{c.name}).Error(), strings.TrimRight(was, "\n"))
		if !strings.Contains(got, c.hint) || c.hint == "" && strings.Contains(got, "hint") {
			t.Errorf("%s: %q, want a hint with %q", was, got, c.hint)
		}
	}
}
