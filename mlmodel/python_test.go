package mlmodel

import (
	"strings"
	"testing"
)

// The .python-version of a project counts beside its uv.lock, unless another Python
// logged the model.
func TestReadPinnedPython(t *testing.T) {
	const unknown = "flavors:\n  python_function: {loader_module: m}\n"
	for name, test := range map[string]struct{ model, pinned, want, file, warning string }{
		"nothing else":         {unknown, "3.12\n", "3.12", ".python-version", ""},
		"a comment and a name": {unknown, "# uv\ncpython-3.12.4-linux-x86_64-gnu\n3.9\n", "3.12.4", ".python-version", ""},
		"at":                   {unknown, "cpython@3.13\n", "3.13", ".python-version", ""},
		"UTF-16":               {unknown, "\xff\xfe3\x00.\x001\x002\x00", "3.12", ".python-version", ""},
		"the same":             {condaModel, "3.11\n", "3.11.7", "MLmodel", ""},
		"another patch":        {condaModel, "3.11.9\n", "3.11.7", "MLmodel", ""},
		"more detail":          {strings.Replace(condaModel, "3.11.7", "3.11", 1), "3.11.9\n", "3.11.9", ".python-version", ""},
		"another":              {condaModel, "3.12\n", "3.11.7", "MLmodel", `the project asks for Python 3.12, and the model was logged with 3.11.7, which serves it; for the other write python = "3.12" in [environment]`},
		"no CPython":           {condaModel, "pypy@3.10\n", "3.11.7", "MLmodel", `"pypy@3.10" is not a version of CPython, and not used`},
		"empty":                {condaModel, "\n", "3.11.7", "MLmodel", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, warnings, err := Read(files("MLmodel", test.model, "requirements.txt", "numpy", "uv.lock", "version = 1\n", ".python-version", test.pinned), ".")
			if err != nil || m.Python != test.want || m.PythonFile != test.file {
				t.Errorf("%v: %q of %s", err, m.Python, m.PythonFile)
			}
			switch {
			case test.warning == "" && len(warnings) > 0, test.warning != "" && (len(warnings) != 1 || warnings[0].Message != test.warning || warnings[0].File != ".python-version"):
				t.Errorf("warnings %+v", warnings)
			}
		})
	}
	// Alone it is of another tool.
	if m, _, err := Read(files("MLmodel", condaModel, "requirements.txt", "numpy", ".python-version", "3.12"), "."); err != nil || m.Python != "3.11.7" {
		t.Errorf("%+v, %v", m, err)
	}
}

// What is no version of Python is an error only where nothing else says one.
func TestReadWrongPython(t *testing.T) {
	m, warnings, err := Read(files("MLmodel", condaModel, "python_env.yaml", "python: x\ndependencies: [a]\n"), ".")
	if err != nil || m.Python != "3.11.7" || m.PythonErr != nil || len(warnings) != 1 || warnings[0].Line != 1 ||
		warnings[0].Message != `"x" is not a Python version; Python 3.11.7, of MLmodel, serves the model` {
		t.Errorf("%+v, %+v, %v", m, warnings, err)
	}
	m, warnings, err = Read(files("MLmodel", strings.Replace(condaModel, "3.11.7", "three", 1), "python_env.yaml", "python: 3.10.2\ndependencies: [a]\n"), ".")
	if err != nil || m.Python != "3.10.2" || m.PythonErr != nil || len(warnings) > 0 {
		t.Errorf("%+v, %+v, %v", m, warnings, err)
	}
}
