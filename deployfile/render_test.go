package deployfile

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// render draws all the errors and warnings of a text.
func render(t *testing.T, source string) string {
	t.Helper()
	_, all, err := Parse(DefaultName, []byte(source), TestKinds)
	var errs Errors
	if errors.As(err, &errs) {
		all = append(all, errs...)
	}
	var b strings.Builder
	for _, d := range all {
		if err := Render(&b, []byte(source), d); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestRender(t *testing.T) {
	const model = "[model]\nsource = 'm'\n"
	tests := map[string]struct{ source, want string }{
		"key": {
			model + "\n\n\n\n\n[environment]\npyhton = \"3.11\"\n",
			`Deployfile:9:1: error: unknown key "pyhton" in [environment]
  |
9 | pyhton = "3.11"
  | ^^^^^^
  = did you mean "python"?
`,
		},
		"a key of many": {
			model + "[environment]\nxyzzyxyzzy = 1\n",
			`Deployfile:4:1: error: unknown key "xyzzyxyzzy" in [environment]
  |
4 | xyzzyxyzzy = 1
  | ^^^^^^^^^^
  = known keys are python, base, toolchain, mlflow, requirements, constraints,
    override, without, system-packages, build-packages, implied-packages, code,
    env, indexes, ca
`,
		},
		"tabs and other alphabets": {
			model + "[environment]\n\tenv = { A = \"é日\", B =\t2 }\r\n",
			"Deployfile:4:24: error: environment.env.B must be a string, but is an integer\n" +
				"  |\n4 | \tenv = { A = \"é日\", B =\t2 }\n  | \t                     \t^\n  = put it in quotes: \"2\"\n",
		},
		"a value of several lines": {
			model + "[environment]\npython = [\n  '3.11',\n]\n",
			`Deployfile:4:10: error: environment.python must be a string, but is a list
  |
4 | python = [
  |          ^
5 |   '3.11',
  |   ^^^^^^^
6 | ]
  | ^
`,
		},
		"a value of many lines": {
			model + "[environment]\npython = [\n'1',\n'2',\n'3',\n'4',\n]\n",
			`Deployfile:4:10: error: environment.python must be a string, but is a list
  |
4 | python = [
  |          ^
5 | '1',
  | ^^^^
6 | '2',
  | ^^^^
7 | '3',
  | ^^^^
  | ...
`,
		},
		"the end of the text": {
			"\n\n\n\n\n\n\n\n\n[model", `Deployfile:10:6: error: expected '.' or ']' to end table name, but the file ends
   |
10 | [model
   |      ^
`,
		},
		"an empty text": {
			"", `Deployfile:1:1: error: model.source is missing: it says where the MLflow Model is
  = name the directory that holds its MLmodel file, below [model]: source = "model"
`,
		},
		"control characters": {
			"[model]\nsource = \x1b[31m\n", "Deployfile:2:9: error: TOML files cannot contain control characters: '0x1b'\n" +
				"  |\n2 | source = \uFFFD[31m\n  |         ^\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, render(t, test.source)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// However a credential comes into the file, no drawing shows it.
func TestRenderHidesCredentials(t *testing.T) {
	for _, url := range []string{
		`"https://me:hunter2@example.com/simple"`,
		`'http://hunter2@example.com'`,
		`"https://me:hunter2\u0040example.com"`,
		`"https://me:hun/ter2@example.com"`,
		`"https://me:ter2 hunter2@example.com"`,
		`"""https://me:hunter2\` + "\n  ter2@example.com\"\"\"",
		`"https://me:hunter2@example.com`,
		`https://me:hunter2@example.com`,
	} {
		for _, rest := range []string{"", ", secrt = 'x'"} {
			got := render(t, "environment.indexes = [{ name = 'a', url = "+url+rest+" }]\n[model]\nsource = 'm'\n")
			if got == "" || strings.Contains(got, "ter2") {
				t.Errorf("%s%s:\n%s", url, rest, got)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestRenderReportsAFailedWrite(t *testing.T) {
	if err := Render(full{}, nil, Diagnostic{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v", err)
	}
}
