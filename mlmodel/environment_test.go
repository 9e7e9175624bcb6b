package mlmodel

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestReadEnvironment(t *testing.T) {
	requirement := func(file string, line int, name, specifier string) Requirement {
		return Requirement{Name: name, Specifier: specifier, Text: name + specifier, File: file, Line: line}
	}
	tests := []struct {
		name string
		fsys fstest.MapFS
		// want holds what an environment file can set.
		want     Model
		warnings []Warning
	}{
		{
			name: "MLflow 1 with conda.yaml alone",
			fsys: files("MLmodel", mlmodel1, "conda.yaml", `channels:
- defaults
dependencies:
- python=3.8.10
- pip<=21.0
- libgomp=12.2
- setuptools=65.5.0=py38_0
- pip:
  - mlflow==1.17.0
  - scikit-learn==0.24.1
`),
			want: Model{
				Python:            "3.8.10",
				BuildRequirements: []Requirement{requirement("conda.yaml", 5, "pip", "<=21.0"), requirement("conda.yaml", 7, "setuptools", "==65.5.0")},
				Requirements:      []Requirement{requirement("conda.yaml", 9, "mlflow", "==1.17.0"), requirement("conda.yaml", 10, "scikit-learn", "==0.24.1")},
				Files:             []string{"MLmodel", "conda.yaml"},
			},
			warnings: []Warning{{"conda.yaml", 4, "of the conda dependencies, apt installs libgomp=12.2 as libgomp1" + translatedHint}},
		},
		{
			name: "MLflow 1 with requirements.txt: Python from conda.yaml, requirements not",
			fsys: files("MLmodel", mlmodel1, "conda.yaml", "dependencies: [conda-forge::python==3.9.1, {pip: [nothing]}]\n", "requirements.txt", "mlflow==1.17.0"),
			want: Model{
				Python:       "3.9.1",
				Requirements: []Requirement{requirement("requirements.txt", 1, "mlflow", "==1.17.0")},
				Files:        []string{"MLmodel", "requirements.txt", "conda.yaml"},
			},
		},
		{
			name: "env names conda.yaml otherwise; conda range of Python; MLflow from conda",
			fsys: files("MLmodel", strings.Replace(mlmodel1, "conda.yaml", "env/my.yaml", 1),
				"env/my.yaml", "dependencies:\n- python>=3.7\n- mlflow=1.17.0\n- pip\n"),
			want: Model{
				Python:            "3.8.10",
				BuildRequirements: []Requirement{requirement("env/my.yaml", 4, "pip", "")},
				Requirements:      []Requirement{requirement("env/my.yaml", 3, "mlflow", "==1.17.0.*")},
				Files:             []string{"MLmodel", "env/my.yaml"},
			},
			warnings: []Warning{{"env/my.yaml", 2, "of the conda dependencies, pip installs mlflow=1.17.0 as mlflow==1.17.0.*" + translatedHint}},
		},
		{
			name: "MLflow 2",
			fsys: files("MLmodel", mlmodel2, "python_env.yaml", pythonEnv,
				"requirements.txt", "mlflow==2.9.2\n--extra-index-url https://pypi.example.com/simple\n-c constraints.txt", "constraints.txt", "numpy<2\n",
				"conda.yaml", "dependencies:\n- python=3.10.12\n- mlflow\n- numpy\n"),
			want: Model{
				Python:            "3.10.12",
				BuildRequirements: []Requirement{requirement("python_env.yaml", 3, "pip", "==23.0"), requirement("python_env.yaml", 4, "wheel", "")},
				Requirements:      []Requirement{requirement("requirements.txt", 1, "mlflow", "==2.9.2"), requirement("conda.yaml", 4, "numpy", "")},
				Constraints:       []Requirement{requirement("constraints.txt", 1, "numpy", "<2")},
				ExtraIndexURLs:    []string{"https://pypi.example.com/simple"},
				Files:             []string{"MLmodel", "python_env.yaml", "requirements.txt", "constraints.txt", "conda.yaml"},
			},
			warnings: []Warning{{"conda.yaml", 2, "of the conda dependencies, pip installs numpy" + translatedHint}},
		},
		{
			name: "python_env.yaml with its own requirements; Python as a number",
			fsys: files("MLmodel", mlmodel2, "requirements.txt", "never\n", "python_env.yaml", "python: 3.10\ndependencies:\n- a==1\n- b # c\n"),
			want: Model{
				Python:       "3.10.12",
				Requirements: []Requirement{requirement("python_env.yaml", 3, "a", "==1"), requirement("python_env.yaml", 4, "b", "")},
				Files:        []string{"MLmodel", "python_env.yaml"},
			},
		},
		{
			name: "python_env.yaml with another Python and no dependencies; faulty conda.yaml",
			fsys: files("MLmodel", mlmodel2, "requirements.txt", "never\n", "python_env.yaml", "python: 3.12.1\n", "conda.yaml", "a: 1\nb: ["),
			want: Model{Python: "3.12.1", Files: []string{"MLmodel", "python_env.yaml"}},
			warnings: []Warning{
				{"python_env.yaml", 1, "the file has no dependencies, so requirements.txt is not installed, as in MLflow"},
				{"conda.yaml", 2, "the file is unused and invalid: this is not YAML: did not find expected node content"},
			},
		},
		{
			name: "no environment",
			fsys: files("MLmodel", mlmodel2),
			want: Model{Python: "3.10.12", Files: []string{"MLmodel"}},
			warnings: []Warning{{"MLmodel", 4, "the model has no requirements.txt, python_env.yaml or conda.yaml: its image gets MLflow and nothing else; " +
				"add its requirements under requirements in the Deployfile"}},
		},
		{
			name: "MLflow of another major version",
			fsys: files("MLmodel", mlmodel2, "requirements.txt", "mlflow-skinny==3.1.0\n"),
			want: Model{
				Python:       "3.10.12",
				Requirements: []Requirement{requirement("requirements.txt", 1, "mlflow-skinny", "==3.1.0")},
				Files:        []string{"MLmodel", "requirements.txt"},
			},
			warnings: []Warning{{"requirements.txt", 1, "MLflow 3.1.0 is to serve a model that MLflow 2.9.2 logged"}},
		},
		{
			name: "MLflow without a version",
			fsys: files("MLmodel", mlmodel2, "requirements.txt", "mlflow\n"),
			want: Model{
				Python:       "3.10.12",
				Requirements: []Requirement{requirement("requirements.txt", 1, "mlflow", "")},
				Files:        []string{"MLmodel", "requirements.txt"},
			},
			warnings: []Warning{{"requirements.txt", 1, "mlflow has no version here, while MLflow 2.9.2 logged the model; write override = [\"mlflow==2.9.2\"] in [environment] if the newest version cannot serve it"}},
		},
		{
			name: "MLflow unreleased",
			fsys: files("MLmodel", mlmodel2, "requirements.txt", "mlflow==2.9.3.dev0\n"),
			want: Model{
				Python:       "3.10.12",
				Requirements: []Requirement{requirement("requirements.txt", 1, "mlflow", "==2.9.3.dev0")},
				Files:        []string{"MLmodel", "requirements.txt"},
			},
			warnings: []Warning{{"requirements.txt", 1, "MLflow 2.9.3.dev0 is a development version, which no index offers; name a released one: override = [\"mlflow==…\"] in [environment]"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, warnings, err := Read(test.fsys, ".")
			if err != nil {
				t.Fatal(err)
			}
			got := Model{
				Python: m.Python, BuildRequirements: m.BuildRequirements, Requirements: m.Requirements, Constraints: m.Constraints,
				IndexURL: m.IndexURL, ExtraIndexURLs: m.ExtraIndexURLs, Options: m.Options, Files: m.Files,
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.warnings, warnings); diff != "" {
				t.Errorf("warnings: -want +got:\n%s", diff)
			}
		})
	}
}
