//go:build integration

package buildx

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestDependencyConfusion has a public index offer a higher version of a
// package that is pinned to a private one.
func TestDependencyConfusion(t *testing.T) {
	corp := lab.NewIndex(t, lab.Wheel(t, "corp-lib", "1.0", ""))
	public := lab.NewIndex(t, lab.Wheel(t, "corp-lib", "2.0", ""), lab.Wheel(t, "dfuser", "1.0", "", "corp-lib"), lab.Wheel(t, "corp-gone", "6.6.6", ""))
	tables := public.Table("public") + corp.Table("corp", `packages = ["corp-lib"]`)
	for name, requirement := range map[string]string{"required": "corp-lib", "required by another": "dfuser", "without a version": "corp_lib>=0.1"} {
		t.Run(name, func(t *testing.T) {
			p := tiny(t, tables, requirement)
			p.lock(t)
			lock := p.Read(t, "pylock.toml")
			wantWords(t, lock, corp.URL+"/files/corp_lib-1.0-py3-none-any.whl")
			if strings.Contains(lock, "corp_lib-2.0") {
				t.Errorf("the lock has the public package:\n%s", lock)
			}
			wantWords(t, p.Read(t, "Deployfile.lock"), "for corp-lib")
		})
	}
	if public.AskedFor("corp-lib") {
		t.Error("the public index was asked for a package that is pinned to another")
	}

	// What the private index has no more is not looked for elsewhere.
	p := tiny(t, public.Table("public")+corp.Table("corp", `packages = ["corp-lib", "corp-gone"]`), "corp-gone")
	wantFailure(t, p.buildx(t, "--target", "lock", "-o", t.TempDir()), "corp-gone", "| >>> ")
	if public.AskedFor("corp-gone") {
		t.Error("the public index was asked for a package that the private one has no more")
	}
}
