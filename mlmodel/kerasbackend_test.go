package mlmodel

import "testing"

// The backend is that of the model, unless conda.yaml sets one, and only one that Keras
// has.
func TestKerasBackend(t *testing.T) {
	model := func(backend string) string {
		return "flavors:\n  keras: {keras_backend: " + backend + "}\n  python_function:\n    loader_module: mlflow.keras\n    env: {conda: conda.yaml, virtualenv: python_env.yaml}\n"
	}
	conda := "variables: {KERAS_BACKEND: torch}\ndependencies: [python=3.11, pip: [keras]]\n"
	for name, tt := range map[string]struct {
		files []string
		want  string
	}{
		"jax":     {[]string{"MLmodel", model("jax"), "python_env.yaml", "dependencies: [keras]\n"}, "jax"},
		"conda's": {[]string{"MLmodel", model("jax"), "conda.yaml", conda}, "torch"},
		"unknown": {[]string{"MLmodel", model(`"../x"`), "python_env.yaml", "dependencies: [keras]\n"}, ""},
		"a list":  {[]string{"MLmodel", model("[jax]"), "python_env.yaml", "dependencies: [keras]\n"}, ""},
	} {
		m, _, err := Read(files(tt.files...), ".")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := m.Variables[kerasBackend]; got != tt.want {
			t.Errorf("%s: the backend is %q, want %q", name, got, tt.want)
		}
	}
}
