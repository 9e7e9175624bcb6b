//go:build integration

package ci

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/compare/verify"
)

// TestRecipes runs them in one laboratory, one after the other as a project
// would come to use them.
func TestRecipes(t *testing.T) {
	l := newLaboratory(t)
	project := newProject(t)
	first := l.startBuilder(t, "one")
	repository := l.registry + "/models/tiny"
	gitlab := func(builder, tag string) []string {
		return []string{"FRONTEND=" + l.frontend, "CI_REGISTRY_IMAGE=" + repository, "CI_COMMIT_SHA=" + tag, "BUILDX_BUILDER=" + builder, "BUILDKIT_PROGRESS=rawjson"}
	}

	t.Run("bake lock", func(t *testing.T) {
		data, err := os.ReadFile("../../examples/iris/docker-bake.hcl")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(project, "docker-bake.hcl"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		l.shell(t, project, "docker buildx bake lock", "FRONTEND="+l.frontend, "BUILDX_BUILDER=one")
		if text := read(t, filepath.Join(project, "pylock.toml")); !strings.Contains(text, `name = "dfone"`) {
			t.Errorf("pylock.toml:\n%s", text)
		}
	})

	t.Run("check", func(t *testing.T) {
		for name, script := range map[string]string{"GitLab": gitlabScript(t, "check"), "GitHub": githubStep(t, "review", "Check")} {
			stdout, stderr := l.shell(t, project, script, "FRONTEND="+l.frontend, "BUILDX_BUILDER=one")
			if !strings.Contains(stdout+stderr, "Check complete") {
				t.Errorf("%s: %s%s", name, stdout, stderr)
			}
		}
	})

	t.Run("the second builder installs nothing", func(t *testing.T) {
		script := gitlabScript(t, "image")
		_, log := l.shell(t, project, script, gitlab("one", "first")...)
		if ran := steps(t, log); !slices.Contains(ran, "install dfone 1.0") {
			t.Fatalf("the first builder has to install: %q", ran)
		}
		l.startBuilder(t, "two")
		_, log = l.shell(t, project, script, gitlab("two", "second")...)
		for _, name := range steps(t, log) {
			if !slices.ContainsFunc(noBuilding(), func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
				t.Errorf("the second builder ran %q", name)
			}
		}
		same(t, repository+":first", repository+":second")
	})

	t.Run("bake", func(t *testing.T) {
		l.shell(t, project, "docker buildx bake", "FRONTEND="+l.frontend, "IMAGE="+repository, "TAG=baked", "BUILDX_BUILDER=one")
		same(t, repository+":first", repository+":baked")
	})

	t.Run("command line", func(t *testing.T) {
		script := read(t, recipe("cli.sh"))
		l.shell(t, project, script, "BUILDKIT_HOST="+first, "IMAGE="+repository+":cli")
		same(t, repository+":first", repository+":cli")
	})

	t.Run("a builder in a Kubernetes cluster", func(t *testing.T) {
		image := l.buildInKubernetes(t, project, gitlabScript(t, "image"))
		same(t, repository+":first", image)
	})

	t.Run("diff", func(t *testing.T) {
		l.shell(t, project, `git init -q . && git add . && git -c user.name=x -c user.email=x@example.com commit -qm one && git tag base &&
			sed -i 's/^size = .*/size = 7/' Deployfile.lock && git -c user.name=x -c user.email=x@example.com commit -qam two`)
		l.shell(t, project, gitlabScript(t, "diff"), "CI_MERGE_REQUEST_DIFF_BASE_SHA=base")
		summary := filepath.Join(t.TempDir(), "summary")
		l.shell(t, project, githubStep(t, "review", "Say what changes"), "BASE=base", "RUNNER_TEMP="+t.TempDir(), "GITHUB_STEP_SUMMARY="+summary)
		for _, file := range []string{filepath.Join(project, "changes.txt"), summary} {
			if text := read(t, file); !strings.Contains(text, "\nModel files\n  ~ MLmodel ") {
				t.Errorf("%s:\n%s", file, text)
			}
		}
		var report struct{ Same bool }
		if err := json.Unmarshal([]byte(read(t, filepath.Join(project, "changes.json"))), &report); err != nil || report.Same {
			t.Errorf("changes.json: %v, same is %v", err, report.Same)
		}
	})
}

// noBuilding are the beginnings of the names of steps that a builder runs though
// it finds everything in a cache.
func noBuilding() []string {
	return []string{
		"[internal] ", "[context base] ", "resolve image config ", "docker-image://", "importing cache ", "exporting ", "pushing ", "resolving provenance",
		// A source with a checksum knows its cache key, and fetches nothing.
		"fetch ",
		// A few kB, which are written sooner than fetched.
		"add the start command", "make the virtual environment ", "write sbom.", "put the layers together",
		// What is no part of the image is no part of its cache.
		"hash the model's files", "verify that the image answers",
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// steps are the names of the steps that ran and were not cached, from the
// progress in BuildKit's rawjson format.
func steps(t *testing.T, log string) []string {
	t.Helper()
	type vertex struct {
		Digest, Name string
		Cached       bool
		Completed    string
	}
	last := map[string]vertex{}
	for line := range strings.Lines(log) {
		var status struct{ Vertexes []vertex }
		if json.Unmarshal([]byte(line), &status) != nil {
			continue
		}
		for _, v := range status.Vertexes {
			last[v.Digest] = v
		}
	}
	var out []string
	for _, v := range last {
		if v.Completed != "" && !v.Cached {
			out = append(out, v.Name)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no step in the log:\n%s", log)
	}
	slices.Sort(out)
	return out
}

// same compares two images in the registry, attestations aside.
func same(t *testing.T, a, b string) {
	t.Helper()
	was, err := image.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer was.Close()
	is, err := image.Open(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	defer is.Close()
	report, err := verify.Images(t.Context(), was, is)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Same {
		var out strings.Builder
		if err := verify.Text(&out, report); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s and %s differ:\n%s", a, b, out.String())
	}
}
