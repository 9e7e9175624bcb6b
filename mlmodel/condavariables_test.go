package mlmodel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadCondaVariables(t *testing.T) {
	many := "variables:\n"
	for n := range maxCondaVariables + 1 {
		many += fmt.Sprintf("  A%03d: x\n", n)
	}
	for name, test := range map[string]struct {
		text, python string
		want         map[string]string
		warning      string
	}{
		"texts":      {"variables: {TOKENIZERS_PARALLELISM: 'false', OMP_NUM_THREADS: 1, FLAG: true, EMPTY: '', NULL_: }", "", map[string]string{"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "FLAG": "true", "EMPTY": ""}, ""},
		"beside":     {"variables: {A: b}", "dependencies: [a]\n", map[string]string{"A": "b"}, ""},
		"aliases":    {"name: &a b\nvariables: {A: *a}", "", map[string]string{"A": "b"}, ""},
		"the image":  {"variables: {PATH: /x, PYTHONPATH: /y, LD_PRELOAD: /z, CONDA_PREFIX: /c, PORT: 1, A: b}", "", map[string]string{"A": "b"}, "not set: CONDA_PREFIX, LD_PRELOAD, PATH, PORT, PYTHONPATH: the image or conda itself"},
		"no texts":   {"variables: {A: [1], 'b c': d, 'E=F': g, H: \"i\\nj\"}", "", nil, "not set: A, E=F, H, b c"},
		"no mapping": {"variables: [A=b]", "", nil, "variables are no mapping"},
		"long":       {"variables: {A: " + strings.Repeat("x", maxCondaValue+1) + "}", "", nil, "not set: A"},
		"many":       {many, "", nil, "not set: A100"},
	} {
		t.Run(name, func(t *testing.T) {
			m, warnings, err := Read(files("MLmodel", condaModel, "requirements.txt", "a", "conda.yaml", test.text+"\n", "python_env.yaml", test.python), ".")
			if test.python == "" {
				m, warnings, err = Read(files("MLmodel", condaModel, "requirements.txt", "a", "conda.yaml", test.text+"\n"), ".")
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, m.Variables); d != "" && name != "many" {
				t.Errorf("-want +got:\n%s", d)
			}
			if name == "many" && len(m.Variables) != maxCondaVariables {
				t.Errorf("%d variables", len(m.Variables))
			}
			if test.warning == "" && len(warnings) > 0 || test.warning != "" && (len(warnings) != 1 || !strings.HasPrefix(warnings[0].Message, test.warning)) {
				t.Errorf("warnings %+v", warnings)
			}
		})
	}
}
