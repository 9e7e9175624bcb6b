package mlmodel

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"deps.dev/util/pypi"
)

func TestCondaSpecifier(t *testing.T) {
	for spec, want := range map[string]string{
		"":                         "",
		"=1.2":                     "==1.2.*",
		"=1.2.3":                   "==1.2.3.*",
		"==1.2":                    "==1.2",
		"=1.2.*":                   "==1.2.*",
		"=1.2*":                    "==1.2.*",
		"=*":                       "",
		" 1.2":                     "==1.2",
		"=2.4.6=py311h0":           "==2.4.6",
		"==2.4.6=py311h0":          "==2.4.6",
		" 2.4.6 py311h0_0":         "==2.4.6",
		"=1.9.0=py3.8_cuda10.2_0":  "==1.9.0",
		"=*=py39_0":                "",
		"=2.1.0+cu102":             "==2.1.0.*",
		"==2.1.0+cu102":            "==2.1.0",
		">=2":                      ">=2",
		">=2,<3":                   ">=2,<3",
		" >=2, <3":                 ">=2,<3",
		">=1.2.*":                  ">=1.2",
		"!=1.5.*,>1":               "!=1.5.*,>1",
		"~=1.4.2":                  "~=1.4.2",
		"=1.0rc1":                  "==1.0rc1",
		"[version='>=1.2,<2']":     ">=1.2,<2",
		`[version="1.2", build=*]`: "==1.2",
		"[build=*cuda*]":           "",
		"=1.2[build=py39_0]":       "==1.2.*",
	} {
		if got, loose := condaSpecifier(spec); got != want || loose {
			t.Errorf("%q: got %q (loose: %t), want %q", spec, got, loose, want)
		}
	}
	for spec, want := range map[string]string{"=1.1.1w": "", "=1.2|1.3.*": "", ">=1,!=1.1w": ">=1", "=^1.2.*$": ""} {
		if got, loose := condaSpecifier(spec); got != want || !loose {
			t.Errorf("%q: got %q (loose: %t), want %q, loosely", spec, got, loose, want)
		}
	}
}

func TestParseCondaDependency(t *testing.T) {
	for text, want := range map[string]string{
		"numpy": "numpy", "conda-forge::scikit-learn=1.5": "scikit-learn", "pytorch/linux-64::PyTorch": "pytorch",
		"ruamel.yaml>=0.17": "ruamel.yaml", "_libgcc_mutex=0.1=main": "_libgcc_mutex", "r-base 4.1": "r-base", "a[version=1]": "a",
	} {
		if d, ok := parseCondaDependency(text, 1); !ok || d.name != want {
			t.Errorf("%q: got %+v, %t", text, d, ok)
		}
	}
	for _, text := range []string{"", "???", "a b", "-e .", "https://example.com/a-1-0.tar.bz2", "a::b::c", "a;b"} {
		if d, ok := parseCondaDependency(text, 1); ok {
			t.Errorf("%q: got %+v", text, d)
		}
	}
}

// Every line of the table is well-formed, and says something that the rest of the
// code can use.
func TestCondaNames(t *testing.T) {
	names := newCondaNames()
	for name, p := range names.packages {
		if name != pypi.CanonPackageName(name) || p.pip != pypi.CanonPackageName(p.pip) {
			t.Errorf("%s: %+v is not normalised", name, p)
		}
		if (p.pip == "") == (p.debian == "") {
			t.Errorf("%s: %+v is not one of both", name, p)
		}
		if slices.Contains(p.others, p.pip) && name != p.pip {
			t.Errorf("%s lists %s twice", name, p.pip)
		}
	}
	for name, want := range map[string]string{
		"pytorch": "torch", "py-xgboost": "xgboost", "opencv": "opencv-python-headless", "scikit-learn": "scikit-learn",
		"msgpack-python": "msgpack", "ruamel_yaml": "ruamel-yaml", "libsass": "libsass", "anything-else": "anything-else",
		"openjdk": "Debian's default-jre-headless", "ffmpeg": "Debian's ffmpeg",
		"libgcc": reasonBase, "libgcc-ng": reasonBase, "_libgcc_mutex": reasonConda, "_openmp_mutex": reasonConda,
		"ld_impl_linux-64": reasonBase, "cudatoolkit": reasonCUDA, "cuda-nvcc": reasonCUDA, "pytorch-cuda": reasonCUDA,
		"mkl": reasonWheel, "mkl_fft": reasonWheel, "libopenblas": reasonWheel, "hdf5": reasonWheel,
		"gcc_linux-64": reasonCompiler, "cmake": reasonCompiler, "conda": reasonConda, "conda-libmamba-solver": reasonConda,
		"r-ggplot2": reasonR, "vs2015_runtime": reasonWindows, "m2w64-gcc-libs": reasonWindows, "pywin32": reasonWindows,
	} {
		p, _ := names.find(name)
		got := p.pip + p.reason
		if p.debian != "" {
			got = "Debian's " + p.debian
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestEverybodys(t *testing.T) {
	for channel, want := range map[string]bool{
		"defaults": true, "conda-forge": true, "conda-forge/label/cf202003": true, "pkgs/main": true,
		"https://conda.example.com/mirror/conda-forge": true, "https://conda.example.com/conda-forge/linux-64/": true,
		"acme": false, "https://conda.example.com/acme": false, "": false,
	} {
		if everybodys(channel) != want {
			t.Errorf("%q: want %t", channel, want)
		}
	}
}

const condaModel = `flavors:
  python_function:
    env: conda.yaml
    loader_module: mlflow.sklearn
    python_version: 3.11.7
mlflow_version: 2.9.2
`

func TestReadConda(t *testing.T) {
	m, warnings, err := Read(files("MLmodel", condaModel, "conda.yaml", `name: env
channels: [conda-forge, defaults]
dependencies:
  - python=3.11.7=hab00c5b_0_cpython
  - scikit-learn=1.9.1
  - numpy=2.4.6=py311h0
  - opencv=4.8.1=py311_4
  - pandas>=2
  - libgcc
  - openjdk=17
  - cudatoolkit=11.8
  - 'a b c'
  - pip=23.1
  - pip:
      - mlflow==2.9.2
      - torch==2.1.0
    build_dependencies:
      - setuptools==66.1.1
  - pytorch=2.1.0=cpu
`), ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range m.Requirements {
		got = append(got, r.Text)
	}
	want := []string{"mlflow==2.9.2", "torch==2.1.0", "scikit-learn==1.9.1.*", "numpy==2.4.6", "opencv-python-headless==4.8.1.*", "pandas>=2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if r := m.Requirements[2]; r.File != "conda.yaml" || r.Line != 5 {
		t.Errorf("scikit-learn is at %s:%d", r.File, r.Line)
	}
	if b := m.BuildRequirements; len(b) != 2 || b[0].Text != "pip==23.1.*" || b[1].Text != "setuptools==66.1.1" {
		t.Errorf("build requirements: %+v", b)
	}
	if s := m.SystemPackages; len(s) != 1 || s[0].Name != "default-jre-headless" || s[0].Env["JAVA_HOME"] == "" || s[0].Line != 10 {
		t.Errorf("system packages: %+v", s)
	}
	const message = "of the conda dependencies, pip installs scikit-learn=1.9.1 as scikit-learn==1.9.1.*, numpy=2.4.6=py311h0 as numpy==2.4.6, " +
		"opencv=4.8.1=py311_4 as opencv-python-headless==4.8.1.*, pandas>=2; apt installs openjdk=17 as default-jre-headless; " +
		"left out: libgcc (the base image has it); left out: cudatoolkit=11.8 (CUDA comes with the wheels; for another, name its index under [[environment.indexes]]); " +
		`left out: "a b c" (no dependency that conda would read). What else the model needs goes under requirements or system-packages in the Deployfile`
	if len(warnings) != 1 || warnings[0] != (Warning{"conda.yaml", 4, message}) {
		t.Errorf("warnings %+v", warnings)
	}
	if m.Python != "3.11.7" || m.PythonFile != "conda.yaml" && m.PythonFile != "MLmodel" {
		t.Errorf("Python %s of %s", m.Python, m.PythonFile)
	}
}

// A private channel may mean another package by a name that is not well known.
func TestReadCondaBesideUnnamed(t *testing.T) {
	m, _, err := Read(files("MLmodel", condaModel, "conda.yaml", "dependencies: [openjdk, pip: [git+https://example.com/a@v1]]\n"), ".")
	if err != nil || len(m.Requirements) != 1 || len(m.SystemPackages) != 1 || m.SystemPackages[0].Name != "default-jre-headless" {
		t.Errorf("%+v, %v, %v", m.Requirements, m.SystemPackages, err)
	}
}

func TestChannelsGrowLinearly(t *testing.T) {
	var env strings.Builder
	env.WriteString("channels:\n" + strings.Repeat("- conda-forge\n", 30_000) + "dependencies:\n")
	for n := range 30_000 {
		fmt.Fprintf(&env, "- a%d\n", n)
	}
	began := time.Now()
	m, _, err := Read(files("MLmodel", condaModel, "conda.yaml", env.String()), ".")
	if err != nil || len(m.Requirements) != 30_000 {
		t.Fatalf("%v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestReadCondaPrivateChannel(t *testing.T) {
	m, warnings, err := Read(files("MLmodel", condaModel, "conda.yaml",
		"channels: [https://conda.example.com/acme, conda-forge]\ndependencies: [numpy, features, conda-forge::tsfel, acme::scikit-learn]\n"), ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range m.Requirements {
		got = append(got, r.Text)
	}
	if want := []string{"numpy", "tsfel", "scikit-learn"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].Message, "left out: features (unknown, and the channel https://conda.example.com/acme may mean another package by it)") {
		t.Errorf("warnings %+v", warnings)
	}
}
