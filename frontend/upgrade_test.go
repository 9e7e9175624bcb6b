package frontend

import (
	"testing"

	"github.com/deployfile/deployfile/mlmodel"
	"github.com/google/go-cmp/cmp"
)

func TestHeldBack(t *testing.T) {
	all := []mlmodel.Requirement{
		{File: "model/requirements.txt", Line: 4, Name: "scikit-learn", Specifier: "==1.9.1"},
		{File: "model/requirements.txt", Line: 5, Name: "numpy", Specifier: ">=2,<3"},
		{File: "model/requirements.txt", Line: 6, Name: "pandas", Specifier: "==2.*"},
		{Name: "scipy", Specifier: "== 1.17"},
	}
	got := heldBack(all, []string{"*", "Scikit_Learn", "numpy", "pandas", "scipy", "requests"})
	want := []string{
		`scikit-learn stays at 1.9.1: model/requirements.txt:4 pins it; override = ["scikit-learn>=1.9.1"] in [environment] lifts that`,
		`scipy stays at 1.17: the Deployfile pins it; override = ["scipy>=1.17"] in [environment] lifts that`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
