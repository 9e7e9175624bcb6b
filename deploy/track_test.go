package deploy

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
)

// A release is named by its slot, or by its track.
func TestIsNext(t *testing.T) {
	alone := manifests.State{Live: manifests.Slot{Release: manifests.Release{Image: "iris@sha256:1"}}}
	canary := manifests.State{Live: alone.Live, Next: &manifests.Slot{Track: manifests.TrackCanary}}
	colours := manifests.State{Live: manifests.Slot{Track: manifests.TrackGreen}, Next: &manifests.Slot{Track: manifests.TrackBlue}}
	for _, x := range []struct {
		state      manifests.State
		name, want string
	}{
		{alone, "live", "live"},
		{alone, "next", `there is no release "next" at the endpoint, where only iris@sha256:1 is live`},
		{alone, "canary", "where only iris@sha256:1 is live"},
		{canary, "live", "live"},
		{canary, "next", "next"},
		{canary, "canary", "next"},
		{canary, "canery", `did you mean "canary"?`},
		{colours, "green", "live"},
		{colours, "blue", "next"},
		{colours, "canary", `there is no release "canary" at the endpoint`},
	} {
		next, err := isNext(x.state, x.name)
		got := map[bool]string{false: "live", true: "next"}[next]
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, x.want) {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}
