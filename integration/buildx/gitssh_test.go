//go:build integration

package buildx

import (
	"os"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestModelOverSSH builds a model of a repository that is reached by ssh, with the user's
// key, from a lock that the command line has made with the user's git.
func TestModelOverSSH(t *testing.T) {
	local := tiny(t, "")
	files := storedModel(local, t)
	for name, text := range files {
		local.Write(t, "model/"+name, text)
	}
	local.lock(t)
	want := local.imageID(t)

	address, key := lab.NewRepository(t, files).ServeSSH(t)
	t.Setenv("GIT_SSH_COMMAND", "ssh -i "+key+" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes")
	p := tiny(t, "")
	if err := os.RemoveAll(p.Path("model")); err != nil {
		t.Fatal(err)
	}
	p.Edit(t, "Deployfile", `source = "model"`, `source = "git+`+address+`@main"`)
	p.deployfile(t, "lock")
	if r := p.buildx(t, "--no-cache", "--output", "type=cacheonly"); r.err == nil {
		t.Error("it builds without a key")
	}
	if got := p.imageID(t, "--ssh", "default="+key); got != want {
		t.Errorf("the image is %s, and that of the directory %s", got, want)
	}
}
