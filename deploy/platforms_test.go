package deploy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
