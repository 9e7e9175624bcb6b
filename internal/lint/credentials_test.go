package lint

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/mlmodel"
)

// A secret among the variables of a model's conda.yaml would be one of the image.
func TestCredentialInModelVariables(t *testing.T) {
	in := situation{}.input(t)
	in.Model = &mlmodel.Model{Variables: map[string]string{"OPENAI_API_KEY": "hunter2hunter2", "FROM": "dapi" + strings.Repeat("a1", 16), "THREADS": "4"}}
	var got []string
	for _, f := range credentials(in) {
		if strings.Contains(f.Message+f.Fix, "hunter2") || !f.Secret || f.Range.Start.Line != 2 {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Message)
	}
	if len(got) != 2 || !strings.Contains(got[0], "FROM") || !strings.Contains(got[1], "environment variable OPENAI_API_KEY looks like a credential") {
		t.Errorf("%q", got)
	}
}
