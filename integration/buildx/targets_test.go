//go:build integration

package buildx

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// lockedTiny is a tiny project with one package, and its lock. The text is
// more of [environment], and further tables.
func lockedTiny(t *testing.T, environment, tables string) *project {
	t.Helper()
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := tiny(t, environment+x.Table("local")+tables, "dfone")
	p.lock(t)
	return p
}

// TestTargets makes all that --target names.
func TestTargets(t *testing.T) {
	p := lockedTiny(t, "", "\n[targets.canary]\nkind = \"docker\"\nenv = { STAGE = \"canary\" }\n")
	image := p.push(t, "targets")
	folder := func(target string, args ...string) map[string]string {
		t.Helper()
		dir := t.TempDir()
		p.mustBuildx(t, append([]string{"--target", target, "-o", dir}, args...)...)
		return lab.Files(t, dir, "*")
	}

	made := folder("lock")
	p.deployfile(t, "lock")
	if d := cmp.Diff(p.LockFiles(t), made); d != "" {
		t.Errorf("the lock of the CLI and that of --target lock:\n%s", d)
	}
	p.mustBuildx(t, "--target", "verify")

	plans := folder("plan")
	if d := cmp.Diff(p.deployfile(t, "plan"), plans["plan.linux-amd64.json"]); d != "" {
		t.Errorf("the plan of the CLI and that of --target plan:\n%s", d)
	}

	sboms := folder("sbom")
	if d := cmp.Diff([]string{"sbom.cdx.json", "sbom.spdx.json"}, slices.Sorted(maps.Keys(sboms))); d != "" {
		t.Errorf("files of the sbom target:\n%s", d)
	}

	env := p.push(t, "targets", "--target", "env")
	if had, has := history(t, image), history(t, env); !slices.ContainsFunc(had, isModel) || slices.ContainsFunc(has, isModel) || len(has) < 2 {
		t.Errorf("the image is made of %q and the environment of %q", had, has)
	}

	model := p.push(t, "targets", "--target", "model")
	if d := cmp.Diff([]string{"the model's small files"}, history(t, model)); d != "" {
		t.Errorf("what the model alone is made of:\n%s", d)
	}

	// On the base, whose layers the environment has as well, and run by who runs
	// the environment: or KServe does not get at the model.
	car := p.push(t, "targets", "--target", "modelcar")
	layers, base := layerDigests(t, car), layerDigests(t, env)
	if n := len(layers) - 1; n < 1 || !slices.Equal(layers[:n], base[:n]) {
		t.Errorf("the modelcar has the layers %q, the environment %q", layers, base)
	}
	if made, config := history(t, car), configOf(t, car).Config; made[len(made)-1] != "the model's small files" || config.User != configOf(t, env).Config.User ||
		len(config.Cmd)+len(config.Entrypoint) > 0 || config.WorkingDir != "" {
		t.Errorf("the modelcar is made of %q and starts %+v", made, config)
	}

	// The environment of a target is set where it runs.
	for _, same := range []string{"image", "canary"} {
		if digestOf(t, p.push(t, "targets", "--target", same)) != digestOf(t, image) {
			t.Errorf("--target %s is another image than none", same)
		}
	}
}

// TestModelcarOfBase names a base that KServe could not start.
func TestModelcarOfBase(t *testing.T) {
	for _, program := range []string{"sh", "sleep"} {
		p := lockedTiny(t, "", "")
		base, err := lab.ReadLayout(shared.Base)
		if err != nil {
			t.Fatal(err)
		}
		// A layer takes a file of the ones below away by this name.
		lacking, err := lab.WithFile(base, "usr/bin/.wh."+program, nil)
		if err != nil {
			t.Fatal(err)
		}
		layout := filepath.Join(t.TempDir(), "base")
		if err := lab.WriteLayout(layout, lacking); err != nil {
			t.Fatal(err)
		}
		p.Contexts["base"] = "oci-layout://" + layout
		p.lock(t)
		wantFailure(t, p.buildx(t, "--target", "modelcar"), "the base image cannot be a modelcar: KServe starts sh, ln, ls, mkdir and sleep in it")
		p.mustBuildx(t, "--target", "env")
	}
}

// TestTargetFormat builds for a registry that takes neither an index nor
// attestations.
func TestTargetFormat(t *testing.T) {
	p := lockedTiny(t, "", "\n[targets.old]\nkind = \"docker\"\nformat = \"docker-manifest\"\n")
	wantFailure(t, p.buildx(t, "--target", "old", "--sbom=true"), `target old: an image of format "docker-manifest" has no attestations`, "| >>> format = ")
	wantFailure(t, p.buildx(t, "--target", "old", withoutProvenance, "--platform", "linux/amd64,linux/arm64"), "is for one platform, and these are 2", "| >>> format = ")
	r := p.mustBuildx(t, "--target", "old", "--provenance=true")
	wantWords(t, r.stderr, "give --provenance=false, and oci-mediatypes=false to --output")

	ref := shared.registry.Host + "/old"
	r = p.mustBuildx(t, "--target", "old", withoutProvenance, "-o", "type=image,push=true,oci-mediatypes=false,name="+ref)
	if strings.Contains(r.stderr, "oci-mediatypes") {
		t.Errorf("a warning of what was given:\n%s", lab.Tail(r.stderr))
	}
	if got := lab.Pull(t, ref).MediaType; got != types.DockerManifestSchema2 {
		t.Errorf("the registry has a %s", got)
	}
}

func isModel(made string) bool { return strings.Contains(made, "model") }

// push builds and pushes for the builder's own platform, and returns the image.
func (p *project) push(t *testing.T, repository string, args ...string) v1.Image {
	t.Helper()
	ref := shared.registry.Host + "/" + repository
	p.mustBuildx(t, append([]string{"-t", ref, "--push", withoutProvenance}, args...)...)
	return pullImage(t, ref, "amd64")
}

func configOf(t *testing.T, img v1.Image) *v1.ConfigFile {
	t.Helper()
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// history is what made the image's layers.
func history(t *testing.T, img v1.Image) []string {
	t.Helper()
	var out []string
	for _, h := range configOf(t, img).History {
		if !h.EmptyLayer {
			out = append(out, h.CreatedBy)
		}
	}
	return out
}

// TestCalls asks what buildx asks.
func TestCalls(t *testing.T) {
	p := lockedTiny(t, "env = { STAGE = \"${STAGE}\" }\n", "\n[args]\nSTAGE = \"test\"\n\n[targets.canary]\nkind = \"docker\"\n")
	ask := func(call string, args ...string) string {
		t.Helper()
		return p.mustBuildx(t, append([]string{"--call", call}, args...)...).stdout
	}
	wantWords(t, ask("outline"), "STAGE", "test", "DEPLOYFILE_LOCKED", "DEPLOYFILE_INDEX", "SOURCE_DATE_EPOCH", "ca")
	wantWords(t, ask("targets"), "image (default)", "lock", "verify", "env", "model", "modelcar", "plan", "sbom", "canary")
	wantWords(t, ask("subrequests.describe"), "outline", "targets", "lint", "plan  ", "schema  ")
	var schema, plan map[string]any
	if err := json.Unmarshal([]byte(ask("schema")), &schema); err != nil || schema["properties"] == nil {
		t.Errorf("no schema: %v", err)
	}
	if err := json.Unmarshal([]byte(ask("plan")), &plan); err != nil || plan["layers"] == nil {
		t.Errorf("no plan: %v", err)
	}

	var found struct {
		Warnings []struct {
			RuleName string
			Location struct {
				Ranges []struct{ Start struct{ Line int } }
			}
		}
	}
	p.Edit(t, "Deployfile", "[environment]\n", "[environment]\nbase = \"python:latest\"\n")
	r := p.buildx(t, "--call", "check,format=json")
	if err := json.Unmarshal([]byte(r.stdout), &found); err != nil {
		t.Fatalf("%v\n%s", err, r.stdout)
	}
	line := 0
	for _, w := range found.Warnings {
		if w.RuleName == "latest-tag" {
			line = w.Location.Ranges[0].Start.Line
		}
	}
	if want := 1 + strings.Count(strings.Split(p.Read(t, "Deployfile"), "base = ")[0], "\n"); line != want {
		t.Errorf("latest-tag is found in line %d, and it is in line %d:\n%s", line, want, r.stdout)
	}

	// An error fails the check, and shows the line.
	p.Edit(t, "Deployfile", "code = ", "cod = ")
	r = p.buildx(t, "--call", "check")
	wantFailure(t, r, "unknown key \"cod\"", "| >>> cod = ")
}
