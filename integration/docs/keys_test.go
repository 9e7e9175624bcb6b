//go:build integration

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/kinds"
)

// image is one that there is not: only its name matters.
const image = "registry.example.com/team/iris@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// fragment is a Deployfile with what a block of TOML has: keys of the page's
// target, or a target of its own.
func fragment(kind string, b block) string {
	head := "[model]\nname = \"iris\"\nsource = \"model\"\n\n[image]\ntags = [\"registry.example.com/team/iris:1\"]\n\n"
	switch {
	case regexp.MustCompile(`^\[targets\.[a-z-]+\]`).MatchString(b.text):
		return head + b.text
	case kind == "kubernetes" || kind == "kserve":
		return head + "[targets." + names()[kind] + "]\nkind = \"" + kind + "\"\nnamespace = \"" + namespace + "\"\n" + b.text
	}
	return head + "[targets." + names()[kind] + "]\nkind = \"" + kind + "\"\n" + required(kind, b.text) + b.text
}

// ecrImage is an image as image is, where SageMaker pulls from.
const ecrImage = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/iris@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// required are the keys that a target of a kind needs, unless a text has them.
func required(kind, text string) string {
	switch kind {
	case "azureml":
		return "subscription = \"00000000-0000-0000-0000-000000000000\"\nresource-group = \"ml\"\nworkspace = \"team\"\ninstance-type = \"Standard_DS3_v2\"\n"
	case "sagemaker":
	default:
		return ""
	}
	out := "image = \"123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/iris\"\nexecution-role = \"arn:aws:iam::123456789012:role/Iris\"\n"
	// A table of the target may have a key of that name.
	if own, _, _ := strings.Cut(text, "["); !regexp.MustCompile(`(?m)^instance-type`).MatchString(own) {
		out += "instance-type = \"ml.m5.large\"\n"
	}
	return out
}

// names are how the pages call their targets.
func names() map[string]string {
	return map[string]string{"docker": "local", "containerd": "node", "kubernetes": "prod", "kserve": "serving", "registry": "release", "sagemaker": "aws", "azureml": "azure"}
}

// target is the name of the only one in a text.
func target(t *testing.T, b block, text string) string {
	t.Helper()
	file, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		t.Fatalf("line %d: %v\n%s", b.line, err, text)
	}
	for name := range file.Targets {
		return name
	}
	t.Fatalf("line %d: no target:\n%s", b.line, text)
	return ""
}

func (r *reader) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "Deployfile"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKeys renders all that the pages say of keys.
func TestKeys(t *testing.T) {
	for kind := range names() {
		page := filepath.Join(pages, kind+".md")
		for _, b := range in("toml", blocks(t, page)) {
			text := fragment(kind, b)
			file, _, err := deployfile.Parse(page, []byte(text), kinds.All())
			if err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
				continue
			}
			for _, target := range file.Targets {
				release := manifests.Release{Model: "iris", Target: target, Image: image, Port: file.Server.Port, User: file.Image.User}
				if kind == "sagemaker" {
					release.Image = ecrImage
				}
				if target.ModelApart() != "" {
					release.ModelImage = image
				}
				if store, ok := target.Spec.(deployfile.ModelStore); ok && target.ModelApart() == deployfile.ModelData {
					release.ModelImage = store.ModelData("iris-aws", strings.Repeat("0", 64))
				}
				if documents, err := manifests.Render(manifests.Deployed(nil, release)); err != nil || len(documents) == 0 {
					t.Errorf("%s:%d: %d documents, %v", page, b.line, len(documents), err)
				}
			}
		}
	}
}

// TestOverview runs the command of the page that lists the kinds.
func TestOverview(t *testing.T) {
	page := filepath.Join(pages, "README.md")
	all := blocks(t, page)
	r := newReader(t, here)
	r.write(t, fragment("kubernetes", in("toml", all)[0]))
	r.read(t, page, all)
	files, err := os.ReadDir(filepath.Join(r.dir, "manifests"))
	if err != nil || !slices.ContainsFunc(files, func(f os.DirEntry) bool { return f.Name() == "deployment.yaml" || f.IsDir() }) {
		t.Errorf("%v, %v", files, err)
	}
}
