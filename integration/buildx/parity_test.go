//go:build integration

package buildx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// withoutProvenance makes an image's digest that of the image alone.
const withoutProvenance = "--provenance=false"

// TestSameImage locks and builds every example with buildx and with the CLI.
func TestSameImage(t *testing.T) {
	for _, c := range []struct {
		name string
		// platforms is what --platform says, "" if nothing.
		platforms []string
	}{
		{"iris", []string{"linux/amd64", "linux/amd64,linux/arm64"}},
		{"pyfunc", []string{"linux/amd64", "linux/arm64,linux/amd64"}},
		{"lightgbm", []string{"linux/amd64"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := example(t, c.name)
			if c.name == "iris" {
				unlocked := unlockedExample(t, c.name)
				unlocked.deployfile(t, "lock")
				if d := cmp.Diff(p.LockFiles(t), unlocked.LockFiles(t)); d != "" {
					t.Errorf("the CLI makes another lock:\n%s", d)
				}
			}
			for n, platforms := range c.platforms {
				if n == 1 {
					// Named by an argument in place of the syntax line.
					p.Edit(t, "Deployfile", "# syntax="+shared.frontend+"\n", "")
				}
				ref := shared.registry.Host + "/parity/" + c.name
				built := p.mustBuildx(t, "--platform", platforms, "-t", ref, "--push", withoutProvenance,
					"--build-arg", "BUILDKIT_SYNTAX="+shared.frontend).digest(t)
				if n == 0 {
					built = p.mustBuildx(t, "--platform", platforms, "-t", ref, "--push", withoutProvenance).digest(t)
				}
				cli := strings.TrimSpace(p.deployfile(t, "build", "--locked", "--platform", platforms, "-t", ref+":cli", "--push"))
				if built != cli {
					t.Errorf("for %s buildx makes %s and the CLI %s", platforms, built, cli)
				}
				if pushed := lab.Pull(t, ref).Digest.String(); pushed != built {
					t.Errorf("the registry has %s", pushed)
				}
			}
		})
	}
}

// TestSameLabels builds in a repository, whose address and commit become labels,
// and for each of the targets that are images.
func TestSameLabels(t *testing.T) {
	p := lockedTiny(t, "", "\n[targets.canary]\nkind = \"docker\"\nenv = { STAGE = \"canary\" }\n")
	commit := lab.Commit(t, p.Dir)
	const secret = "correct-horse-battery"
	lab.Git(t, p.Dir, "remote", "add", "origin", "https://reader:"+secret+"@git.example.com/team/models.git")
	for _, target := range []string{"image", "env", "model", "modelcar", "canary"} {
		ref := shared.registry.Host + "/labels/" + target
		built := p.mustBuildx(t, "--target", target, "-t", ref, "--push", withoutProvenance).digest(t)
		cli := strings.TrimSpace(p.deployfile(t, "build", "--target", target, "-t", ref+":cli", "--push"))
		if built != cli {
			t.Errorf("of target %s buildx makes %s and the CLI %s:\n%s", target, built, cli,
				cmp.Diff(configOf(t, pullImage(t, ref, "amd64")), configOf(t, pullImage(t, ref+":cli", "amd64"))))
		}
		config := configOf(t, pullImage(t, ref, "amd64")).Config
		if target != "model" {
			want := map[string]string{"org.opencontainers.image.source": "https://git.example.com/team/models.git", "org.opencontainers.image.revision": commit}
			for label, value := range want {
				if config.Labels[label] != value {
					t.Errorf("label %s of target %s is %q, want %q", label, target, config.Labels[label], value)
				}
			}
		}
		hides(t, secret, map[string]string{"labels of " + target: fmt.Sprint(config.Labels)})
	}
}
