package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// recipe is the path of a recipe.
func recipe(name string) string { return filepath.Join("..", "..", "docs", "ci", name) }

// readYAML reads a recipe, and demands that nothing is in it twice.
func readYAML(t *testing.T, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(recipe(name))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := yaml.Unmarshal(data, &out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// gitlabScript is the script of a job in gitlab-ci.yml.
func gitlabScript(t *testing.T, job string) string {
	t.Helper()
	return lines(t, readYAML(t, "gitlab-ci.yml")[job].(map[string]any)["script"])
}

func lines(t *testing.T, value any) string {
	t.Helper()
	var out []string
	for _, line := range value.([]any) {
		out = append(out, line.(string))
	}
	if len(out) == 0 {
		t.Fatal("the script is empty")
	}
	return strings.Join(out, "\n")
}

// githubStep is what a step of a job in github-actions.yml runs.
func githubStep(t *testing.T, job, name string) string {
	t.Helper()
	jobs := readYAML(t, "github-actions.yml")["jobs"].(map[string]any)
	for _, s := range jobs[job].(map[string]any)["steps"].([]any) {
		if step := s.(map[string]any); step["name"] == name {
			return step["run"].(string)
		}
	}
	t.Fatalf("job %s has no step %q", job, name)
	return ""
}

// TestPullRequestsGetNoSecret looks for credentials in what a recipe runs for a change
// that nobody has read.
func TestPullRequestsGetNoSecret(t *testing.T) {
	gitlab, jobs := readYAML(t, "gitlab-ci.yml"), readYAML(t, "github-actions.yml")["jobs"].(map[string]any)
	for name, job := range map[string]any{"GitLab's setup": gitlab[".docker"], "GitLab's check": gitlab["check"], "GitLab's diff": gitlab["diff"], "GitHub's review": jobs["review"]} {
		text, err := yaml.Marshal(job)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"secrets.", "PASSWORD", "TOKEN", "docker login", "--secret", "cache-to"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q", name, word)
			}
		}
	}
}

// scripts are all texts that are scripts in a YAML document.
func scripts(t *testing.T, value any) []string {
	t.Helper()
	var out []string
	switch v := value.(type) {
	case map[string]any:
		for key, x := range v {
			switch {
			case key == "run":
				out = append(out, x.(string))
			case strings.HasSuffix(key, "script"):
				out = append(out, lines(t, x))
			default:
				out = append(out, scripts(t, x)...)
			}
		}
	case []any:
		for _, x := range v {
			out = append(out, scripts(t, x)...)
		}
	}
	return out
}

// TestScriptsParse has bash read every script of every recipe.
func TestScriptsParse(t *testing.T) {
	files, err := filepath.Glob(recipe("*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range files {
		found := scripts(t, readYAML(t, filepath.Base(name)))
		if len(found) < 3 {
			t.Errorf("%s has %d scripts", name, len(found))
		}
		all = append(all, found...)
	}
	for _, name := range []string{"cli.sh", "kubernetes.sh", "moved-model.sh"} {
		data, err := os.ReadFile(recipe(name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(data))
	}
	for _, script := range all {
		if out, err := exec.Command("bash", "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, script, out)
		}
	}
}

// TestGitHubBuild compares what the two ways to build the same image ask for:
// GitHub's action, which cannot run here, and GitLab's script, which can.
func TestGitHubBuild(t *testing.T) {
	jobs := readYAML(t, "github-actions.yml")["jobs"].(map[string]any)
	var with map[string]any
	for _, s := range jobs["image"].(map[string]any)["steps"].([]any) {
		if step := s.(map[string]any); strings.HasPrefix(step["uses"].(string)+"@", "docker/build-push-action@") {
			with = step["with"].(map[string]any)
			break
		}
	}
	script := gitlabScript(t, "image")
	image := strings.NewReplacer("${{ vars.IMAGE }}", "$CI_REGISTRY_IMAGE", "${{ github.sha }}", "$CI_COMMIT_SHA", "${{ vars.FRONTEND }}", "$FRONTEND")
	for input, flag := range map[string]string{"file": "--file", "tags": "--tag", "cache-from": "--cache-from", "cache-to": "--cache-to", "provenance": "--provenance"} {
		value := image.Replace(with[input].(string))
		if !strings.Contains(script, flag+" "+value) && !strings.Contains(script, flag+` "`+value+`"`) {
			t.Errorf("%s: %s is not in the other script:\n%s", input, value, script)
		}
	}
	for _, arg := range strings.Fields(image.Replace(with["build-args"].(string))) {
		if !slices.Contains(strings.Fields(strings.ReplaceAll(script, `"`, "")), arg) {
			t.Errorf("build argument %s is not in the other script:\n%s", arg, script)
		}
	}
}
