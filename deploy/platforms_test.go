package deploy

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func TestComparePlatforms(t *testing.T) {
	const amd, arm = "linux/amd64", "linux/arm64"
	for name, test := range map[string]struct {
		built, nodes, other []string
		err                 string
	}{
		"not known":   {[]string{arm}, nil, nil, ""},
		"the same":    {[]string{amd}, []string{amd}, nil, ""},
		"more":        {[]string{amd, arm}, []string{amd}, nil, ""},
		"mixed nodes": {[]string{amd}, []string{amd, arm}, []string{arm}, ""},
		"none": {[]string{arm}, []string{amd}, nil,
			`the image would be for linux/arm64, and there are only nodes of linux/amd64: write platforms = ["linux/amd64"] in [image] of the Deployfile, and run: deployfile lock`},
	} {
		other, err := comparePlatforms(test.built, test.nodes)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(test.other, other); diff != "" || got != test.err {
			t.Errorf("%s: %s\n%s", name, got, diff)
		}
	}
}

// nodes are those of a target.
type nodes []string

func (n nodes) Platforms(context.Context) ([]string, error) { return n, nil }

// An image that the user names is compared with the nodes, too, if its registry answers.
func TestCheckNamed(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.ParseReference(host + "/iris:1")
	if err != nil {
		t.Fatal(err)
	}
	config, err := empty.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "arm64"
	img, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	d := &Deployer{}
	to := func(platforms ...string) []delivery { return []delivery{{}, {host: nodes(platforms)}} }
	for name, test := range map[string]struct {
		image string
		to    []delivery
		wrong bool
	}{
		"none":               {ref.String(), to("linux/amd64"), true},
		"one of two":         {ref.String(), to("linux/amd64", "linux/arm64"), false},
		"nobody knows":       {ref.String(), []delivery{{}}, false},
		"no such image":      {host + "/iris:2", to("linux/amd64"), false},
		"no registry":        {"127.0.0.1:1/iris:1", to("linux/amd64"), false},
		"known to an engine": {"sha256:" + strings.Repeat("0", 64), to("linux/amd64"), false},
	} {
		err := d.checkNamed(t.Context(), test.to, test.image)
		var wrong *PlatformError
		if errors.As(err, &wrong) != test.wrong || !test.wrong && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.wrong && !strings.Contains(err.Error(), "image "+ref.String()+" is for linux/arm64, and there are only nodes of linux/amd64") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
