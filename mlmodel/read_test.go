package mlmodel

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	// Each is what that version of MLflow writes, without the keys that a test
	// is not about.
	mlmodel1 = `flavors:
  python_function:
    env: conda.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: 3.8.10
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 0.24.1
run_id: 0123
utc_time_created: '2021-05-06 07:08:09'
`
	mlmodel2 = `flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.lightgbm
    data: model.lgb
    python_version: 3.10.12
mlflow_version: 2.9.2
model_uuid: abcd
`
	// translatedHint ends the warning about conda dependencies.
	translatedHint = ". What else the model needs goes under requirements or system-packages in the Deployfile"
	pythonEnv      = "python: 3.10.12\nbuild_dependencies:\n- pip==23.0\n- wheel\ndependencies:\n- -r requirements.txt\n"
)

func TestReadModelFile(t *testing.T) {
	head := "flavors:\n  python_function:\n    loader_module: m\n"
	tests := []struct {
		name, text string
		want       Model
		warning    string
	}{
		{"MLflow 1", mlmodel1, Model{
			Created: "2021-05-06T07:08:09Z", RunID: "0123", Flavors: []string{"python_function", "sklearn"}, Loader: "mlflow.sklearn",
			ModelPath: "model.pkl", Python: "3.8.10", Pickled: true,
		}, ""},
		{"MLflow 2", mlmodel2, Model{
			MLflowVersion: "2.9.2", UUID: "abcd", Flavors: []string{"python_function"}, Loader: "mlflow.lightgbm", ModelPath: "model.lgb", Python: "3.10.12",
		}, ""},
		{"Windows paths", head + "    code: 'code\\x'\n    data: 'data\\model.pth'\n", Model{CodePath: "code/x", ModelPath: "data/model.pth"}, ""},
		{"models from code", head + "    model_code_path: agent.py\n", Model{ModelPath: "agent.py"}, ""},
		{"models from code, as MLflow writes it", head + "    model_code_path: /home/me/work/agent.py\n", Model{ModelPath: "agent.py"}, ""},
		{"artifact that is a pickle", head + "    artifacts: {a: {path: artifacts/a.pkl, uri: /x/a.bin}}\n", Model{Pickled: true}, ""},
		{"artifact that came from a pickle's name", head + "    artifacts: {a: {path: artifacts/a.bin, uri: /x/a.pkl}}\n", Model{}, ""},
		{"PyTorch", strings.Replace(head, ": m", ": mlflow.pytorch", 1), Model{Loader: "mlflow.pytorch", Pickled: true}, ""},
		{"PyTorch, exported", strings.Replace(head, ": m", ": mlflow.pytorch", 1) + "  pytorch: {serialization_format: pt2}\n", Model{
			Flavors: []string{"python_function", "pytorch"}, Loader: "mlflow.pytorch"}, ""},
		{"time with a fraction", head + "utc_time_created: '2022-01-12 05:17:31.634689'\n", Model{Created: "2022-01-12T05:17:31.634689Z"}, ""},
		{"time not quoted", head + "utc_time_created: 2022-01-12 05:17:31.5\n", Model{Created: "2022-01-12T05:17:31.5Z"}, ""},
		{"time in RFC 3339", head + "utc_time_created: '2022-01-12T05:17:31+02:00'\n", Model{Created: "2022-01-12T03:17:31Z"}, ""},
		{"time with a T and no zone", head + "utc_time_created: 2022-01-12T05:17:31.25\n", Model{Created: "2022-01-12T05:17:31.25Z"}, ""},
		{"time with a zone", head + "utc_time_created: '2022-01-12 05:17:31.25+00:00'\n", Model{Created: "2022-01-12T05:17:31.25Z"}, ""},
		{"time in milliseconds", head + "utc_time_created: 1641964651250\n", Model{Created: "2022-01-12T05:17:31.25Z"}, ""},
		{"time that is none", head + "utc_time_created: yesterday\n", Model{}, `utc_time_created "yesterday" is not a time; the image gets none`},
		{"version that is none", head + "mlflow_version: new\n", Model{MLflowVersion: "new"}, `mlflow_version "new" is not a version`},
		{"signature", head + "signature:\n  inputs: '[{\"name\": \"a<b\", \"type\": \"double\"}]'\n  outputs: null\n  params: 'null'\n", Model{
			Signature: json.RawMessage(`{"inputs":[{"name":"a<b","type":"double"}]}`)}, ""},
		{"signature of YAML", head + "signature:\n  params: [{name: p}]\n", Model{Signature: json.RawMessage(`{"params":[{"name":"p"}]}`)}, ""},
		{"signature that only Python reads", head + "signature:\n  inputs: '[]'\n  params: '[{\"default\": NaN}]'\n", Model{Signature: json.RawMessage(`{"inputs":[]}`)},
			"the signature's params is not JSON and is left out of the image's labels: invalid character 'N' looking for beginning of value"},
		{"no signature", head + "signature: null\n", Model{}, ""},
		{"metadata", head + "metadata: {b: [1, 2.5, .nan], a: {1: x}, d: 2020-01-02, h: '<&>'}\n", Model{
			Metadata: json.RawMessage(`{"a":{"1":"x"},"b":[1,2.5,"NaN"],"d":"2020-01-02T00:00:00Z","h":"<&>"}`)}, ""},
		{"unknown keys, anchors and the last of equal keys", "new_key: &x {a: [1]}\nother: *x\nrun_id: a\nrun_id: b\n" + head, Model{RunID: "b"}, ""},
		{"environment variables", head + "env_vars: [OPENAI_API_KEY, A]\n", Model{EnvVars: []string{"OPENAI_API_KEY", "A"}}, ""},
		{"example", head + "saved_input_example_info:\n  artifact_path: example.json\n  serving_input_path: serving.json\n  type: ndarray\n", Model{
			InputExample: "example.json", ServingInput: "serving.json", InputExampleType: "ndarray"}, ""},
		{"example that is not there", head + "saved_input_example_info: {artifact_path: gone.json, type: ndarray}\n", Model{InputExampleType: "ndarray"},
			"the input example gone.json is missing; the build cannot test a prediction"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fsys := files("m/MLmodel", test.text, "m/requirements.txt", "", "m/example.json", "{}", "m/serving.json", "{}")
			m, warnings, err := Read(fsys, "m")
			if err != nil {
				t.Fatal(err)
			}
			want := test.want
			if want.Flavors == nil {
				want.Flavors = []string{"python_function"}
			}
			if want.Loader == "" {
				want.Loader = "m"
			}
			want.Files = []string{"m/MLmodel", "m/requirements.txt"}
			want.PythonFile, want.PythonLine = m.PythonFile, m.PythonLine
			if diff := cmp.Diff(&want, m); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var said []string
			for _, w := range warnings {
				said = append(said, w.Message)
			}
			if got := strings.Join(said, "\n"); got != test.warning {
				t.Errorf("warnings %q, want %q", got, test.warning)
			}
		})
	}
}

func TestReadExampleByItsUsualName(t *testing.T) {
	m, _, err := Read(files("MLmodel", mlmodel2, "serving_input_example.json", "{}", "input_example.json", "{}"), ".")
	if err != nil {
		t.Fatal(err)
	}
	if m.ServingInput != "serving_input_example.json" || m.InputExample != "input_example.json" {
		t.Errorf("got %q and %q", m.ServingInput, m.InputExample)
	}
}

func TestFindMLflow(t *testing.T) {
	tests := []struct {
		requirements string
		want         string
		found        bool
	}{
		{"mlflow-skinny==3.1.0\nMLflow[extras]==3.1.0\n", "MLflow[extras]==3.1.0", true},
		{"numpy\nmlflow_skinny==3.1.0\n", "mlflow_skinny==3.1.0", true},
		{"mlflow-tracing==3.1.0\n", "", false},
	}
	for _, test := range tests {
		m, _, err := Read(files("MLmodel", mlmodel2, "requirements.txt", test.requirements), ".")
		if err != nil {
			t.Fatal(err)
		}
		got, found := FindMLflow(m.Requirements)
		if got.Text != test.want || found != test.found {
			t.Errorf("%q: got %q %t, want %q %t", test.requirements, got.Text, found, test.want, test.found)
		}
	}
}

// Metadata is the JSON of what Python reads, merged keys and aliases included.
func TestMetadata(t *testing.T) {
	text := mlmodel2 + "\nmetadata:\n  base: &b {x: 1, y: [1.5, .nan, null, true]}\n  more: {<<: *b, x: 2}\n  list: {<<: [{z: 1}, {z: 2, w: 3}]}\n  1: {2.5: 2026-01-02, ~: '<&>'}\n  again: *b\n"
	m, _, err := Read(files("MLmodel", text, "requirements.txt", "a"), ".")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"1":{"2.5":"2026-01-02T00:00:00Z","<nil>":"<&>"},"again":{"x":1,"y":[1.5,"NaN",null,true]},` +
		`"base":{"x":1,"y":[1.5,"NaN",null,true]},"list":{"w":3,"z":1},"more":{"x":2,"y":[1.5,"NaN",null,true]}}`
	if string(m.Metadata) != want {
		t.Errorf("got  %s\nwant %s", m.Metadata, want)
	}
}
