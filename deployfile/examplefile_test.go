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
// the place of its default. The keys of one kind of server have no place beside the other's.
func uncommented(example []byte, server string) []byte {
	lines := strings.Split(string(example), "\n")
	commented := regexp.MustCompile(`^#(\[|[a-z-]+ = )`)
	isKey := regexp.MustCompile(`^[a-z-]+ = `)
	for i, line := range lines {
		if !commented.MatchString(line) {
			continue
		}
		name, _, _ := strings.Cut(line[1:], " ")
		if server == "mlflow" && name == "command" || server == "command" && slices.Contains(slices.Sorted(maps.Keys(mlflowKeys(Server{}))), name) {
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
	got, warnings, err := Parse("Deployfile.example", readExample(t), TestKinds)
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	want := mustParse(t, "[model]\nsource = 'model'\n")
	if diff := cmp.Diff(want, got, withoutIndex, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// With everything switched on, the example is valid and has every key: those that
// all targets have once, and those of a kind in the targets of that kind.
func TestExampleHasEveryKey(t *testing.T) {
	file, warnings, err := Parse("Deployfile.example", uncommented(readExample(t), "mlflow"), TestKinds)
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	command, warnings, err := Parse("Deployfile.example", uncommented(readExample(t), "command"), TestKinds)
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	// A key may be shown in any of several tables.
	var walk func([]key, ...[]string)
	walk = func(keys []key, paths ...[]string) {
		for _, k := range keys {
			var at [][]string
			for _, path := range paths {
				path = join(path, k.name)
				_, found := file.Position(path...)
				_, only := command.Position(path...)
				if found || only {
					at = append(at, path)
				}
			}
			if len(at) == 0 {
				t.Errorf("%s is not shown", describe(join(paths[0], k.name)))
				continue
			}
			if table := k.table(); table != nil {
				if k.field.Type.Kind() == reflect.Slice {
					for i := range at {
						at[i] = join(at[i], "0")
					}
				}
				walk(keysOf(table), at...)
			}
		}
	}
	walk(keysOf(reflect.TypeFor[File]()), nil)
	walk(keysOf(reflect.TypeFor[Target]()), []string{"targets", "local"})
	for _, kind := range TestKinds {
		var paths [][]string
		for _, name := range slices.Sorted(maps.Keys(file.Targets)) {
			if file.Targets[name].Kind == kind.Name {
				paths = append(paths, []string{"targets", name})
			}
		}
		if len(paths) == 0 {
			t.Errorf("no target is of kind %s", kind.Name)
			continue
		}
		walk(keysOf(specType(kind)), paths...)
	}
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
