package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	cliPage     = "../../docs/cli.md"
	netPage     = "../../docs/networks.md"
	sourcesPage = "../../docs/model-sources.md"
	objectsPage = "../../docs/models-objects.md"
	serverPage  = "../../docs/server.md"
	ciPage      = "../../docs/ci/README.md"
	pythonPage  = "../../docs/python.md"
	irisPage    = "../../examples/iris/README.md"
)

// elsewhere are the pages whose blocks others read: TestKeys, TestObjects, TestDocker and
// the like those of docs/targets, TestAddingATarget and TestAddingASource theirs, the tests
// of internal/lint the rules, integration/ocimodel its page. The architecture has
// diagrams alone, the other examples have the blocks of iris, and CONTRIBUTING has targets
// of make, most of which CI runs.
func elsewhere() []string {
	return []string{
		"../../docs/targets/", "../../docs/rules/", "../../docs/adding-a-target.md", "../../docs/adding-a-source.md", "../../docs/models-oci.md",
		"../../CONTRIBUTING.md", "../../docs/architecture.md", "../../examples/lightgbm/README.md", "../../examples/pyfunc/README.md",
	}
}

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
		cliPage: {
			{"source <(deployfile completion bash)", "TestCompletionBlock", ""},
			{"built in 9.7 s, 179MB (23 of 25 layers as before); loaded iris:1", "", "output; TestNewLayers of internal/cli has its lines"},
		},
		netPage: {
			{"deployfile lock --secret id=ca,src=/etc/ssl/certs/ca-certificates.crt", "TestNetworksPage", ""},
			{"[[environment.indexes]]", "TestNetworksPage", ""},
			{"deployfile lock --secret id=corp-pypi,env=CORP_PYPI", "TestNetworksPage", ""},
			{"deployfile lock --network host", "", "the builder of these tests lends no network; builder's TestStepNetworkHost runs a step so"},
			{"deployfile build --build-arg DEPLOYFILE_INDEX=https://mirror.example.com/simple", "TestNetworksPage", ""},
		},
		sourcesPage: {
			{"$ deployfile run models:/iris@champion", "", "integration/modelsource's TestURI starts a server and runs such a name"},
			{"[model]", "TestSourcesOfPages", ""},
			{"[model-source]", "", "part of a lock; integration/modelsource's TestURI and TestArchive read theirs"},
			{"[model]", "TestSourcesOfPages", ""},
			{"[model-source]", "", "part of a lock; integration/modelsource's TestURI and TestArchive read theirs"},
			{`docker buildx build -f Deployfile \`, "", "integration/modelsource's TestSecured builds so, with the secrets that its server wants"},
		},
		objectsPage: {
			{"[model]", "TestSourcesOfPages", ""},
			{`docker buildx build -f Deployfile \`, "", "integration/buildx's TestBuckets builds so"},
		},
		serverPage: {
			{"[model]", "TestSourcesOfPages", ""},
			{"[model]", "TestSourcesOfPages", ""},
			{"[model]", "TestSourcesOfPages", ""},
			{"[model]", "TestSourcesOfPages", "MLServer takes 700 MB of packages"},
		},
		ciPage: {
			{"MLFLOW_WEBHOOK_SECRET=… IMAGE=registry.example.com/iris:champion webhook.py 8080 moved-model.sh", "", "integration/modelsource's TestWebhook runs it behind a real MLflow server"},
			{"mlflow.MlflowClient().create_webhook(", "", "integration/modelsource's TestWebhook makes such a webhook"},
			{"secrets: |", "TestSecretOfAction", "GitHub's action cannot run here; its secret is one of a build"},
		},
		pythonPage: {
			{"make wheels", "", "integration/python's TestWheel installs the wheels in an empty environment"},
			{"import deployfile", "", "integration/python's TestPage builds and serves another project so"},
			{"mlflow deployments create -t deployfile:/prod --name iris -m models:/iris@champion -C replicas=3", "", "integration/python's TestDeployments gives these commands a target"},
			{"- uses: deployfile/deployfile@v1", "", "integration/ci's TestAction runs the action's step"},
			{"repos:", "", "integration/python's TestHooks runs it"},
		},
		irisPage: {
			{"deployfile lock", "TestIrisPage", ""},
			{"curl -H 'Content-Type: application/json' -d @model/serving_input_example.json http://127.0.0.1:8080/invocations", "TestIrisPage", ""},
		},
	}
}

// TestEveryPageIsKnown finds pages with blocks that no test reads.
func TestEveryPageIsKnown(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md", "../../examples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 40 {
		t.Errorf("only %q", pages)
	}
	known := blocksOf()
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		read := slices.ContainsFunc(elsewhere(), func(prefix string) bool { return strings.HasPrefix(page, prefix) })
		if _, ok := known[page]; strings.Contains(string(data), "\n```") && !ok && !read {
			t.Errorf("no test reads %s", page)
		}
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
