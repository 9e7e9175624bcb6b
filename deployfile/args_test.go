package deployfile

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArgs(t *testing.T) {
	const text = `[args]
PYTHON = "3.11"
TAG = "dev"
[model]
source = "model"
version = "${TAG}-$${TAG}"
[environment]
python = "${PYTHON}"
env = { MODE = "${TAG}", SHELL_TEXT = "$HOME" }
`
	for _, tt := range []struct {
		given           map[string]string
		version, python string
	}{
		{nil, "dev-${TAG}", "3.11"},
		{map[string]string{"TAG": "v1", "PYTHON": "3.12", "OTHER": "x"}, "v1-${TAG}", "3.12"},
		// A value is not looked through for further references.
		{map[string]string{"TAG": "${PYTHON}"}, "${PYTHON}-${TAG}", "3.11"},
	} {
		f, _, err := ParseWithArgs("Deployfile", []byte(text), TestKinds, tt.given)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{f.Model.Version, f.Environment.Python, f.Environment.Env["SHELL_TEXT"]}
		if diff := cmp.Diff([]string{tt.version, tt.python, "$HOME"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestArgsMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"[model]\nsource = \"${DIR}\"\n":                      `D:2:10: error: model.source refers to an argument DIR that is not declared; declare it with its default, below [args]: DIR = ""; or write $${DIR} for the text itself`,
		"[args]\n2x = \"\"\n[model]\nsource = \"m\"\n":        `D:2:1: error: argument "2x" must be letters, digits and '_', and not start with a digit`,
		"[args]\nX = \"../up\"\n[model]\nsource = \"${X}\"\n": "D:4:10",
		"[args]\nX = 3\n[model]\nsource = \"m\"\n":            "D:2:5",
	} {
		_, _, err := Parse("D", []byte(text), TestKinds)
		var wrong Errors
		if !errors.As(err, &wrong) || len(wrong[0].String()) < len(want) || wrong[0].String()[:len(want)] != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}
