package manifests_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/registry"
	"github.com/google/go-cmp/cmp"
)

func registryState(image string, target deployfile.Target) State {
	target.Name, target.Kind, target.Endpoint, target.Format = "hub", "registry", "iris-hub", "oci"
	if target.Spec == nil {
		target.Spec = &registry.Spec{}
	}
	return State{Live: Slot{Release: Release{Model: "iris", Image: image, Target: target}}}
}

var registrySource = "registry.example.com/build/iris@sha256:" + strings.Repeat("1", 64)

func TestRegistry(t *testing.T) {
	documents, err := Render(registryState(registrySource, deployfile.Target{
		Image: "other.example.com/iris", Spec: &registry.Spec{Tags: []string{"stable", "2"}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []Document{{Name: "image.yaml", Body: []byte(`source: ` + registrySource + `
repository: other.example.com/iris
format: oci
tags:
    - "2"
    - stable
`)}}
	if diff := cmp.Diff(want, documents); diff != "" {
		t.Error(diff)
	}
	got, err := registry.ParseImage(documents)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&registry.Image{Source: registrySource, Repository: "other.example.com/iris", Format: "oci", Tags: []string{"2", "stable"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRegistryErrors(t *testing.T) {
	for name, c := range map[string]struct {
		image  string
		target deployfile.Target
		says   string
	}{
		"image id":       {"sha256:" + strings.Repeat("1", 64), deployfile.Target{Image: "iris"}, "not in a registry by its digest"},
		"no digest":      {"iris:1", deployfile.Target{Image: "iris"}, "not in a registry by its digest"},
		"no repository":  {registrySource, deployfile.Target{}, "set image in [targets.hub]"},
		"a tag's form":   {registrySource, deployfile.Target{Image: "iris", Spec: &registry.Spec{Tags: []string{"a b"}}}, `tags[0] "a b"`},
		"empty tag":      {registrySource, deployfile.Target{Image: "iris", Spec: &registry.Spec{Tags: []string{""}}}, `tags[0] ""`},
		"an image's tag": {registrySource, deployfile.Target{Image: "iris", Spec: &registry.Spec{Tags: []string{"iris-hub-r1-image"}}}, "records the revisions"},
		"record's tag":   {registrySource, deployfile.Target{Image: "iris", Spec: &registry.Spec{Tags: []string{"iris-hub-r1"}}}, "records the revisions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(registryState(c.image, c.target))
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), `target "hub"`) {
				t.Errorf("%v does not say %q", err, c.says)
			}
		})
	}
	for what, body := range map[string]string{
		"no YAML":                            "tags: {",
		"a tag that is another repository's": "tags: [../../other/manifests/latest]",
		"a tag with a query":                 "tags: ['a?b']",
		"an empty tag":                       "tags: ['']",
	} {
		if _, err := registry.ParseImage([]Document{{Name: "image.yaml", Body: []byte(body)}}); err == nil {
			t.Errorf("%s is read", what)
		}
	}
}

func TestRevisionTags(t *testing.T) {
	for tag, want := range map[string]int{"iris-r1": 1, "iris-r12": 12, "iris-r0": 0, "iris-r01": 0, "iris-r-1": 0, "iris-r+1": 0, "iris-r": 0, "other-r1": 0, "iris-r1-r2": 0, "iris-r1-image": 0, "iris-r99999999999999999999": 0, "iris-r1000000000000000000": 0, "iris-r2147483647": 2147483647, "iris-r2147483648": 0} {
		if got, ok := RevisionOfTag("iris", tag); got != want || ok != (want > 0) {
			t.Errorf("%s is revision %d (%v), want %d", tag, got, ok, want)
		}
	}
	if got := RevisionTag("iris", 7); got != "iris-r7" {
		t.Errorf("the tag of revision 7 is %s", got)
	}
}

// FuzzRegistryImage reads any text as the document of a registry: a tag that is
// accepted is one in the address that is made of it.
func FuzzRegistryImage(f *testing.F) {
	f.Add([]byte("source: a\nrepository: b\ntags: [stable, '2']\n"))
	f.Add([]byte("tags: [../../other/manifests/latest, 'a?b', 'a#b', '']"))
	f.Fuzz(func(t *testing.T, body []byte) {
		i, err := registry.ParseImage([]Document{{Name: "image.yaml", Body: body}})
		if err != nil {
			return
		}
		for _, tag := range i.Tags {
			address := "/v2/iris/manifests/" + tag
			if u, err := url.Parse(address); err != nil || path.Clean(u.Path) != address {
				t.Errorf("tag %q is asked for at %s", tag, address)
			}
		}
	})
}
