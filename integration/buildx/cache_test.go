package buildx

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSharedCache builds iris on one builder, and then on another that has
// nothing but the first one's cache.
func TestSharedCache(t *testing.T) {
	p := example(t, "iris")
	ref := shared.registry.Host + "/cached"
	platform := []string{"--platform", "linux/amd64", "-t", ref, "--push", withoutProvenance}
	want := p.mustBuildx(t, append(platform, "--cache-to", "type=registry,mode=max,ref="+ref+":cache")...).digest(t)

	second := coldBuilder(t, "second")
	again := p.must(t, invocation{builder: second, progress: "rawjson"}, append(platform, "--cache-from", "type=registry,ref="+ref+":cache")...)
	if got := again.digest(t); got != want {
		t.Errorf("the second builder makes %s, not %s", got, want)
	}
	installs := 0
	for name, v := range again.vertices(t) {
		switch {
		case strings.HasPrefix(name, "install "):
			installs++
			if v.ran {
				t.Errorf("the second builder runs %q", name)
			}
		case strings.HasPrefix(name, "fetch ") && v.received:
			t.Errorf("the second builder does %q", name)
		}
	}
	// uv says so of each package that it installs.
	if logs := again.logs(); strings.Contains(logs, " + ") {
		t.Errorf("the second builder installs:\n%s", logs)
	}
	if installs < 10 {
		t.Errorf("only %d install steps in %v", installs, again.vertices(t))
	}

	// A fork: the same packages, another model.
	fork := example(t, "iris")
	fork.Edit(t, "model/MLmodel", "flavors:", "# a fork\nflavors:")
	fork.lock(t)
	var forked string
	uploads := shared.registry.Uploads(func() {
		forked = fork.mustBuildx(t, platform...).digest(t)
	})
	if forked == want {
		t.Error("the fork is the same image")
	}
	// The model's layer and the config.
	if slices.Sort(uploads); len(slices.Compact(uploads)) != 2 {
		t.Errorf("a fork of the model pushes %d blobs: %q", len(uploads), uploads)
	}
}

// TestOtherCaches keeps the cache in a folder and in the image itself.
func TestOtherCaches(t *testing.T) {
	p := lockedTiny(t, "", "")
	folder := filepath.Join(t.TempDir(), "cache")
	for name, c := range map[string]struct{ to, from string }{
		"local":  {"type=local,mode=max,dest=" + folder, "type=local,src=" + folder},
		"inline": {"type=inline", "type=registry,ref=" + shared.registry.Host + "/inline"},
	} {
		t.Run(name, func(t *testing.T) {
			to := []string{"-t", shared.registry.Host + "/" + name, "--push", withoutProvenance}
			before := p.mustBuildx(t, append(to, "--cache-to", c.to)...).digest(t)
			r := p.must(t, invocation{builder: coldBuilder(t, name), progress: "rawjson"},
				append(to, "--cache-to", c.to, "--cache-from", c.from)...)
			if v, ok := r.vertices(t)["install dfone 1.0"]; !ok || v.ran {
				t.Errorf("the package is installed again: %+v (%v)", v, ok)
			}
			// An inline cache is a part of the image's config and tells what
			// its builder did, which the second did not do.
			if d := cmp.Diff(before, r.digest(t)); d != "" && name != "inline" {
				t.Errorf("the image:\n%s", d)
			}
		})
	}
}
