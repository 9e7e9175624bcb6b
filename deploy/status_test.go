package deploy

import (
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

func TestListed(t *testing.T) {
	slot := func(image, track string) manifests.Slot {
		return manifests.Slot{Track: track, Release: manifests.Release{Image: image}}
	}
	beside := func(live, next string) manifests.State {
		n := slot(next, "canary")
		return manifests.State{Live: slot(live, ""), Next: &n}
	}
	alone := func(live string) manifests.State { return manifests.State{Live: slot(live, "")} }
	for name, test := range map[string]struct {
		states []manifests.State // newest first
		want   []string          // the image and what it serves
	}{
		"none":     {nil, nil},
		"one":      {[]manifests.State{alone("a")}, []string{"a live"}},
		"rolled":   {[]manifests.State{alone("b"), alone("a")}, []string{"b live", "a "}},
		"back":     {[]manifests.State{alone("a"), alone("b"), alone("a")}, []string{"a live", "b ", "a "}},
		"canary":   {[]manifests.State{beside("a", "b"), alone("a")}, []string{"b next", "a live"}},
		"promoted": {[]manifests.State{alone("b"), beside("a", "b"), alone("a")}, []string{"b live", "b ", "a "}},
		"replaced": {[]manifests.State{beside("a", "c"), beside("a", "b"), alone("a")}, []string{"c next", "b ", "a live"}},
	} {
		t.Run(name, func(t *testing.T) {
			var revisions []publish.Revision
			for n, s := range test.states {
				revisions = append(revisions, publish.Revision{Number: len(test.states) - n, State: s})
			}
			var got []string
			for _, l := range listed(revisions) {
				got = append(got, l.Image+" "+l.Serves)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
