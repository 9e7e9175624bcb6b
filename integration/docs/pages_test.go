package docs

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	buildctl "github.com/moby/buildkit/cmd/buildctl/build"
	"go.yaml.in/yaml/v3"
)

// TestSourcesOfPages reads the Deployfiles of the pages about sources and the server.
func TestSourcesOfPages(t *testing.T) {
	for _, page := range []string{sourcesPage, objectsPage, serverPage} {
		for _, b := range coveredBy(t, page) {
			if _, _, err := deployfile.Parse("Deployfile", []byte(b.text), kinds.All()); err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
			}
		}
	}
}

// TestSecretOfAction compares the input of GitHub's action with the flag beside it: both
// name one secret, and the flag is one that a build takes.
func TestSecretOfAction(t *testing.T) {
	b := coveredBy(t, ciPage)[0]
	var with struct{ Secrets string }
	if err := yaml.Unmarshal([]byte(b.text), &with); err != nil {
		t.Fatal(err)
	}
	id, value, ok := strings.Cut(strings.TrimSpace(with.Secrets), "=")
	variable := regexp.MustCompile(`^\$\{\{ secrets\.([A-Z_]+) \}\}$`).FindStringSubmatch(value)
	if !ok || variable == nil {
		t.Fatalf("%q", with.Secrets)
	}
	flag := "id=" + id + ",env=" + variable[1]
	t.Setenv(variable[1], "token")
	page, err := os.ReadFile(ciPage)
	if err != nil || !strings.Contains(string(page), "`--secret "+flag+"`") {
		t.Errorf("the page has no --secret %s: %v", flag, err)
	}
	if _, err := buildctl.ParseSecret([]string{flag}); err != nil {
		t.Error(err)
	}
}
