//go:build integration

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
	builtNothing(t, again)
	installs := 0
	for name := range again.vertices(t) {
		if strings.HasPrefix(name, "install ") {
			installs++
		}
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

// TestSecondBuilderBuildsNothing has two builders share a registry cache: the
// second makes the same image, and neither installs, nor hashes the model, nor
// starts the server.
func TestSecondBuilderBuildsNothing(t *testing.T) {
	p := lockedTiny(t, "", "")
	// Bytes that no other run of the test has, so that no builder knows them.
	p.Write(t, "model/large.bin", strings.Repeat(shared.registry.Host+"\n", 1<<20))
	p.lock(t)
	ref := shared.registry.Host + "/nothing"
	to := []string{"-t", ref, "--push", withoutProvenance}
	first := p.must(t, invocation{progress: "rawjson"}, append(to, "--cache-to", "type=registry,mode=max,ref="+ref+":cache")...)
	second := p.must(t, invocation{builder: coldBuilder(t, "idle"), progress: "rawjson"}, append(to, "--cache-from", "type=registry,ref="+ref+":cache")...)
	if a, b := first.digest(t), second.digest(t); a != b {
		t.Errorf("the first builder makes %s, the second %s", a, b)
	}
	// The lock has had it hash the model.
	if ran := first.vertices(t); !ran["verify that the image answers"].ran {
		t.Errorf("the first builder did not do what the second is to be spared: %v", ran)
	}
	builtNothing(t, second)
	if r := p.mustBuildx(t, append(to, "--build-arg", "DEPLOYFILE_VERIFY=0")...); r.digest(t) != first.digest(t) {
		t.Errorf("verified, the image is %s, and else %s", first.digest(t), r.digest(t))
	}
}

// builtNothing fails if a builder did more than read what it was given, ask for
// digests, fetch results from the cache and push.
func builtNothing(t *testing.T, r result) {
	t.Helper()
	allowed := []string{
		"[internal] load ", "[context ", "resolve image config ", "load metadata ", "docker-image://", "importing cache ",
		"exporting ", "pushing ", "resolving provenance",
		// A source with a checksum is a cache key: see below that nothing came in.
		"fetch ",
		// Files of a few kB that are written sooner than looked for.
		"[internal] ", "make the virtual environment ", "add the start command",
	}
	for name, v := range r.vertices(t) {
		if v.ran && !slices.ContainsFunc(allowed, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			t.Errorf("the builder runs %q", name)
		}
		if strings.HasPrefix(name, "fetch ") && v.received {
			t.Errorf("the builder receives bytes for %q", name)
		}
	}
	// uv says so of each package that it installs, and a server what it serves.
	if logs := r.logs(); strings.Contains(logs, " + ") || strings.Contains(logs, "verify:") {
		t.Errorf("a step says something:\n%s", logs)
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
