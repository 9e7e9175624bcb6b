package deployfile

import (
	"bytes"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const exampleFile = "../Deployfile.example"

func readExample(t *testing.T) []byte {
	t.Helper()
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return example
}

// uncommented switches on all that the example has commented out: a key takes
// the place of its default.
func uncommented(example []byte) []byte {
	lines := strings.Split(string(example), "\n")
	commented := regexp.MustCompile(`^#(\[|[a-z-]+ = )`)
	isKey := regexp.MustCompile(`^[a-z-]+ = `)
	for i, line := range lines {
		if !commented.MatchString(line) {
			continue
		}
		lines[i] = line[1:]
		if key := isKey.FindString(lines[i]); key != "" && strings.HasPrefix(lines[i-1], key) {
			lines[i-1] = ""
		}
		if strings.HasPrefix(lines[i], "command = ") {
			lines = slices.Replace(lines, slices.Index(lines, `kind = "mlflow"`), slices.Index(lines, `kind = "mlflow"`)+1, `kind = "command"`)
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// The example says what the defaults are, so it must mean the same as a file
// that leaves them out.
func TestExampleShowsTheDefaults(t *testing.T) {
	got, warnings, err := Parse("Deployfile.example", readExample(t))
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	want := mustParse(t, "[model]\nsource = 'model'\n")
	if diff := cmp.Diff(want, got, withoutIndex, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// With everything switched on, the example is valid and has every key of the
// Go types.
func TestExampleHasEveryKey(t *testing.T) {
	file, warnings, err := Parse("Deployfile.example", uncommented(readExample(t)))
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	for _, kind := range []string{"docker", "containerd", "registry", "kubernetes", "kserve"} {
		if !slices.ContainsFunc(slices.Collect(maps.Values(file.Targets)), func(t Target) bool { return t.Kind == kind }) {
			t.Errorf("no target is of kind %s", kind)
		}
	}
	// A key may be shown in any of several tables of the same type.
	var walk func(reflect.Type, ...[]string)
	walk = func(table reflect.Type, paths ...[]string) {
		for field := range keyFields(table) {
			var at [][]string
			for _, path := range paths {
				path = join(path, field.Tag.Get("toml"))
				if _, found := file.Position(path...); found {
					at = append(at, path)
				}
			}
			if len(at) == 0 {
				t.Errorf("%s is not shown", describe(join(paths[0], field.Tag.Get("toml"))))
				continue
			}
			switch kind := field.Type.Kind(); {
			case isTableType(field.Type):
				walk(structOf(field.Type), at...)
			case kind == reflect.Slice && isTableType(field.Type.Elem()):
				for i := range at {
					at[i] = join(at[i], "0")
				}
				walk(field.Type.Elem(), at...)
			case kind == reflect.Map && isTableType(field.Type.Elem()):
				at = at[:0]
				for _, name := range slices.Sorted(maps.Keys(file.Targets)) {
					at = append(at, []string{field.Tag.Get("toml"), name})
				}
				walk(field.Type.Elem(), at...)
			}
		}
	}
	walk(reflect.TypeFor[File](), nil)
}

// Every line that is no comment, and every commented key, has a comment above.
func TestExampleExplainsEveryKey(t *testing.T) {
	lines := bytes.Split(readExample(t), []byte("\n"))
	key := regexp.MustCompile(`^#?([a-z-]+) = `)
	for i, line := range lines {
		match := key.FindSubmatch(line)
		if match == nil {
			continue
		}
		above := lines[i-1]
		if !bytes.HasPrefix(above, []byte("# ")) && !bytes.HasPrefix(above, match[1]) {
			t.Errorf("line %d: %s is not explained", i+1, match[1])
		}
	}
}
