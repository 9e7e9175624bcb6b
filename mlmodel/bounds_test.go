package mlmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/growth"
)

func FuzzMLmodel(f *testing.F) {
	for _, seed := range []string{mlmodel1, mlmodel2, "a: &a [*a]\nflavors: {python_function: *a}", "metadata: {? [1] : 2}\n" + mlmodel2,
		"flavors: &f\n  python_function: *f\n", "%YAML 1.1\n---\n...\n", mlmodel2 + "signature: {inputs: '{'}\n", "flavors: {python_function: {env: [}}"} {
		f.Add(seed, pythonEnv, "dependencies: [python=3.8, {pip: [a]}]")
	}
	f.Fuzz(func(t *testing.T, model, python, conda string) {
		fsys := files("MLmodel", model, "requirements.txt", "a", "python_env.yaml", python, "conda.yaml", conda)
		m, warnings, err := Read(fsys, ".")
		if err == nil {
			if _, err := json.Marshal(m); err != nil {
				t.Error(err)
			}
			for _, w := range warnings {
				if w.Message == "" || w.Line > countLines(fsys, w.File) {
					t.Errorf("bad warning %+v", w)
				}
			}
			return
		}
		var none *NoPyfuncError
		if errors.As(err, &none) {
			if none.Line < 1 || none.Line > countLines(fsys, none.File) {
				t.Errorf("%v is not in the file", err)
			}
			return
		}
		checkPlace(t, fsys, err)
	})
}

// The YAML library compares each key of a mapping with all others; 250 000 took four
// minutes.
func TestMetadataGrowsLinearly(t *testing.T) {
	growth.Linear(t, 4000, func(n int) func() {
		var b strings.Builder
		b.WriteString(mlmodel2 + "\nmetadata:\n")
		for i := range n {
			fmt.Fprintf(&b, "  k%d: 1\n", i)
		}
		fsys := files("MLmodel", b.String(), "requirements.txt", "a")
		return func() {
			if _, _, err := Read(fsys, "."); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLargeYAML(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"bytes":  {mlmodel2 + strings.Repeat("#\n", maxYAML/2), "MLmodel: is larger than 8 MiB"},
		"nodes":  {mlmodel2 + "\nx: [" + strings.Repeat("[],", maxNodes) + "]\n", "the file has more than 500000 keys, values and brackets"},
		"block":  {mlmodel2 + "\nx:\n" + strings.Repeat("- \n", maxNodes+1), "the file has more than 500000 keys, values and brackets"},
		"levels": {mlmodel2 + "\nmetadata:\n  x: " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "\n", "this nests more than 1000 levels deep"},
		"itself": {mlmodel2 + "\nmetadata: &a\n  x: [*a, *a]\n", "levels deep"},
		"aliases": {mlmodel2 + "\nmetadata:\n  a: &a [1,2,3,4,5,6,7,8,9]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  f: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n", "with its aliases expanded"},
		"twice": {mlmodel2 + "\nmetadata: {a: 1, a: 2}\n", `mapping key "a" already defined at line`},
	} {
		_, _, err := Read(files("MLmodel", test.text, "requirements.txt", "a"), ".")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %.300v, want one with %q", name, err, test.want)
		}
	}
}
