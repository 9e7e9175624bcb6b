//go:build integration

package packages

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// TestReplacements changes what a model requires in all ways at once: a line that
// only another machine could install, a dependency's version and a dependency that
// no platform has.
func TestReplacements(t *testing.T) {
	x := lab.NewIndex(t,
		lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dfone", "2.0", ""),
		lab.Wheel(t, "dfneedy", "1.0", "", "dfdeep==1.0", "dfother", "dfone>=2"),
		lab.Wheel(t, "dfdeep", "1.0", ""), lab.Wheel(t, "dfdeep", "2.0", ""),
		lab.WheelFor(t, "dfother", "1.0", "cp311-cp311-win_amd64", ""),
		lab.Wheel(t, "dfextra", "1.0", ""),
	)
	p := shared.Tiny(t, `override = ["dfone==1.0", "dfdeep==2.0"]
without = ["dfother", "-e ."]
requirements = ["dfextra>=1"]
`+x.Table("local"), "dfone @ file:///croot/dfone-9-py3-none-any.whl", "dfneedy", "-e .")
	p.Lock(t)
	var a buildtest.Answer
	p.Serve(t, func(s *buildtest.Server) { buildtest.Decode(t, s.Get(t, "/about"), &a) })
	if d := cmp.Diff([]string{"dfdeep==2.0", "dfextra==1.0", "dfneedy==1.0", "dfone==1.0"}, a.Versions()); d != "" {
		t.Errorf("packages:\n%s", d)
	}

	// The keys are inputs of the lock.
	p.Edit(t, "Deployfile", `"dfdeep==2.0"`, `"dfdeep==1.0"`)
	_, _, err := p.TryBuild(t, nil)
	buildtest.WantError(t, err, `override "dfdeep==1.0" was added`)
	p.Lock(t)
	if pylock := p.Read(t, "pylock.toml"); !strings.Contains(pylock, "dfdeep-1.0") || strings.Contains(pylock, "dfother") {
		t.Errorf("the lock has\n%s", pylock)
	}

	// A name that nothing requires is probably misspelt; one that is required on
	// another platform is not.
	p.Edit(t, "Deployfile", `without = ["dfother",`, `without = ["dfothr", "dfother",`)
	was := p.Read(t, "pylock.toml")
	_, err = p.TryLock(t, nil)
	buildtest.WantError(t, err, "without leaves out dfothr, and nothing requires it")
	buildtest.WantSource(t, err, p.Read(t, "Deployfile"), "without")
	if p.Read(t, "pylock.toml") != was {
		t.Error("a lock was written")
	}
}
