//go:build integration

package models

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
)

// TestSmallModelNeedsNoStep locks and builds a model that is small, and one that has a
// link, too: only that one takes a step to hash, and of their files both locks say the same.
func TestSmallModelNeedsNoStep(t *testing.T) {
	p := shared.Tiny(t, "")
	p.Write(t, "model/code/a b.txt", "own")
	p.Write(t, "model/empty", "")
	p.Write(t, "model/run.sh", "#!/bin/sh\n")
	if err := os.Chmod(p.Path("model/run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if hashedByStep(t, p, true) {
		t.Error("a step hashes a small model")
	}
	read := p.Locked(t).Model
	for _, f := range read {
		data := p.Read(t, "model/"+f.Path)
		sum := sha256.Sum256([]byte(data))
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(data)) || f.Executable != (f.Path == "run.sh") {
			t.Errorf("the lock says of %s: %+v", f.Path, f)
		}
	}
	if hashedByStep(t, p, false) {
		t.Error("a build has a step hash a small model")
	}
	if err := os.Symlink("empty", p.Path("model/link")); err != nil {
		t.Fatal(err)
	}
	if !hashedByStep(t, p, true) {
		t.Error("no step hashes a model with a link")
	}
	hashed := slices.DeleteFunc(p.Locked(t).Model, func(f resolver.ModelFile) bool { return f.Path == "link" })
	if !slices.Equal(read, hashed) {
		t.Errorf("read: %v; hashed by a step: %v", read, hashed)
	}
	if !slices.ContainsFunc(read, func(f resolver.ModelFile) bool { return f.Path == "code/a b.txt" }) {
		t.Errorf("the lock lacks a file: %v", read)
	}
}

// hashedByStep locks or builds, and reports whether a step hashed the model.
func hashedByStep(t *testing.T, p *buildtest.Project, lock bool) (ran bool) {
	t.Helper()
	observe := func(o *build.Options) {
		o.Observe = func(s *client.SolveStatus) {
			ran = ran || slices.ContainsFunc(s.Vertexes, func(v *client.Vertex) bool {
				return strings.Contains(v.Name, "hash the model's files")
			})
		}
	}
	if lock {
		p.LockWith(t, observe)
	} else {
		p.BuildWith(t, observe)
	}
	return ran
}
