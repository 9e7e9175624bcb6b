package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// covered says what is done about a block of a page: which test runs it, or why none
// can.
type covered struct {
	// first is the block's first line.
	first, test, why string
}

// The pages beside docs/targets whose blocks are run.
const (
	readme      = "../../README.md"
	mlflowPage  = "../../docs/mlflow.md"
	editorsPage = "../../docs/editors.md"
)

// blocksOf returns what is done about each block of the pages beside docs/targets, in
// their order.
func blocksOf() map[string][]covered {
	return map[string][]covered{
		readme: {
			{"# Deployfile", "TestReadmeFile", ""},
			{"go install github.com/deployfile/deployfile/cmd/deployfile@latest", "TestReadmeInstall", "the module comes from the checkout: a test fetches nothing of ours"},
			{"deployfile init model   # write the Deployfile above", "TestReadmeFirstHour", ""},
			{`curl -H 'Content-Type: application/json' -d @model/serving_input_example.json \`, "TestReadmeFirstHour", ""},
			{"make frontend-image PUSH=registry.example.com/deployfile/frontend:1", "TestReadmeBuildx", ""},
			{"deployfile init --syntax registry.example.com/deployfile/frontend:1 model", "TestReadmeBuildx", ""},
			{"[image]", "TestReadmeDeploy", ""},
			{"deployfile deploy prod      # build, push, apply, wait until it is ready", "TestReadmeDeploy", ""},
			{"make demo    # builds and serves examples/iris, posts its input example", "TestReadmeDemo", "make check and make test run this test"},
		},
		mlflowPage: {
			{"mlflow artifacts download -u 'models:/wine@champion' -d model", "TestMLflowPage", ""},
			{"[targets.ecr]", "TestMLflowRegistry", ""},
		},
		editorsPage: {
			{"# syntax=ghcr.io/deployfile/frontend:1", "TestEditors", ""},
			{"deployfile schema > deployfile.schema.json", "TestEditors", ""},
			{"{", "TestEditorsSettings", "Visual Studio Code needs a screen; its settings are read, and the pattern is tried on names"},
			{`include = ["**/Deployfile"]`, "TestEditorsSettings", "taplo is not among the tests' programs; its configuration is read"},
			{`vim.filetype.add({ filename = { Deployfile = "toml" } })`, "", "Neovim is not among the tests' programs, and nothing else reads its Lua"},
		},
	}
}

// TestEveryBlockIsRun finds blocks of the pages that no test runs, without a reason.
func TestEveryBlockIsRun(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = true
		}
	}
	for page, list := range blocksOf() {
		all := blocks(t, page)
		if len(all) != len(list) {
			t.Errorf("%s has %d blocks, and %d are known", page, len(all), len(list))
			continue
		}
		for n, b := range all {
			first, _, _ := strings.Cut(b.text, "\n")
			switch want := list[n]; {
			case first != want.first:
				t.Errorf("%s:%d: %q is not known; the list has %q here", page, b.line, first, want.first)
			case want.test == "" && want.why == "":
				t.Errorf("%s:%d: no test, and no reason", page, b.line)
			case want.test != "" && !tests[want.test]:
				t.Errorf("%s:%d: there is no %s", page, b.line, want.test)
			}
		}
	}
}

// coveredBy returns the blocks of a page that the running test covers, in their order.
func coveredBy(t *testing.T, page string) []block {
	t.Helper()
	var out []block
	all := blocks(t, page)
	for n, c := range blocksOf()[page] {
		if c.test == t.Name() && n < len(all) {
			out = append(out, all[n])
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s covers nothing of %s", t.Name(), page)
	}
	return out
}
