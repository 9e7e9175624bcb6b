//go:build integration

package buildx

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestOutputs exports to all that is no registry.
func TestOutputs(t *testing.T) {
	p := lockedTiny(t, "", "")
	want := digestOf(t, p.push(t, "outputs"))
	dir := t.TempDir()

	p.mustBuildx(t, withoutProvenance, "-o", "type=local,dest="+filepath.Join(dir, "local"))
	for _, name := range []string{"opt/venv/bin/serve", "opt/model/MLmodel", "opt/code/answer.py"} {
		if _, err := os.Stat(filepath.Join(dir, "local", name)); err != nil {
			t.Error(err)
		}
	}
	if r := p.mustBuildx(t, withoutProvenance, "-o", "type=oci,dest="+filepath.Join(dir, "oci.tar")); r.digest(t) != want {
		t.Errorf("type=oci has %s, pushed was %s", r.digest(t), want)
	}
	if r := p.mustBuildx(t, withoutProvenance, "-o", "type=docker,dest="+filepath.Join(dir, "docker.tar")); len(r.metadata["containerimage.config.digest"]) == 0 {
		t.Errorf("no digest of the config in %v", r.metadata)
	}
	for _, name := range []string{"oci.tar", "docker.tar"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOptions gives buildx's options, each of which does what it does for a
// Dockerfile.
func TestOptions(t *testing.T) {
	p := lockedTiny(t, "env = { STAGE = \"${STAGE}\" }\n", "\n[args]\nSTAGE = \"test\"\n")
	plain := p.push(t, "options")
	if got := configOf(t, plain).Config.Env; !slices.Contains(got, "STAGE=test") {
		t.Errorf("an argument's default is not in %q", got)
	}

	other := p.push(t, "options", "--build-arg", "STAGE=production", "--label", "com.example.team=flowers",
		"--annotation", "com.example.note=spring", "--add-host", "packages.example.com:127.0.0.1", "--build-arg", "SOURCE_DATE_EPOCH=1700000000")
	config := configOf(t, other)
	if got := config.Config.Env; !slices.Contains(got, "STAGE=production") {
		t.Errorf("--build-arg is not in %q", got)
	}
	if got := config.Config.Labels["com.example.team"]; got != "flowers" {
		t.Errorf("the label is %q", got)
	}
	manifest, err := other.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := manifest.Annotations["com.example.note"]; got != "spring" {
		t.Errorf("the annotation is %q", got)
	}
	if got := config.Created.Unix(); got != 1700000000 {
		t.Errorf("SOURCE_DATE_EPOCH makes the image of %d", got)
	}
	if got := digestOf(t, p.pushWith(t, "options", "SOURCE_DATE_EPOCH=1700000000")); got == digestOf(t, plain) {
		t.Error("SOURCE_DATE_EPOCH of the environment changes nothing")
	}
	if d := cmp.Diff(layerDigests(t, plain), layerDigests(t, other)); d != "" {
		t.Errorf("what is said of an image changes its layers:\n%s", d)
	}

	r := p.mustBuildx(t, "--build-arg", "STAGES=production")
	wantWords(t, r.stderr, "build argument STAGES is not declared in [args]")

	const install = "install dfone 1.0"
	for _, c := range []struct {
		args []string
		runs bool
	}{
		{nil, false},
		{[]string{"--no-cache"}, true},
		{[]string{"--no-cache-filter", "image"}, true},
		{[]string{"--no-cache-filter", "lock"}, false},
	} {
		r := p.must(t, invocation{progress: "rawjson"}, c.args...)
		v, ok := r.vertices(t)[install]
		if !ok || v.ran != c.runs {
			t.Errorf("%q: %s ran: %v (%v); want %v", c.args, install, v.ran, ok, c.runs)
		}
	}
}

func (p *project) pushWith(t *testing.T, repository string, env ...string) v1.Image {
	t.Helper()
	ref := shared.registry.Host + "/" + repository
	p.must(t, invocation{env: env}, "-t", ref, "--push", withoutProvenance)
	return pullImage(t, ref, "amd64")
}

func layerDigests(t *testing.T, img v1.Image) []string {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range m.Layers {
		out = append(out, l.Digest.String())
	}
	return out
}

// TestAddHost resolves the index by a host that only --add-host knows.
func TestAddHost(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := tiny(t, strings.ReplaceAll(x.Table("local"), "127.0.0.1", "packages.example.com"), "dfone")
	p.mustBuildx(t, "--target", "lock", "-o", p.Dir, "--add-host", "packages.example.com:127.0.0.1")
	wantWords(t, p.Read(t, "pylock.toml"), "http://packages.example.com:", "dfone-1.0")
}
