package buildx

import (
	"strings"
	"testing"
)

// TestDependencyConfusion has a public index offer a higher version of a
// package that is pinned to a private one.
func TestDependencyConfusion(t *testing.T) {
	corp := newIndex(t, newWheel(t, "corp-lib", "1.0"))
	public := newIndex(t, newWheel(t, "corp-lib", "2.0"), newWheel(t, "dfuser", "1.0", "corp-lib"), newWheel(t, "corp-gone", "6.6.6"))
	tables := public.table("public") + corp.table("corp", `packages = ["corp-lib"]`)
	for name, requirement := range map[string]string{"required": "corp-lib", "required by another": "dfuser", "without a version": "corp_lib>=0.1"} {
		t.Run(name, func(t *testing.T) {
			p := tiny(t, tables, requirement)
			p.lock(t)
			lock := p.read(t, "pylock.toml")
			wantWords(t, lock, corp.URL+"/files/corp_lib-1.0-py3-none-any.whl")
			if strings.Contains(lock, "corp_lib-2.0") {
				t.Errorf("the lock has the public package:\n%s", lock)
			}
			wantWords(t, p.read(t, "Deployfile.lock"), "for corp-lib")
		})
	}
	if public.askedFor("corp-lib") {
		t.Error("the public index was asked for a package that is pinned to another")
	}

	// What the private index has no more is not looked for elsewhere.
	p := tiny(t, public.table("public")+corp.table("corp", `packages = ["corp-lib", "corp-gone"]`), "corp-gone")
	wantFailure(t, p.buildx(t, "--target", "lock", "-o", t.TempDir()), "corp-gone", "| >>> ")
	if public.askedFor("corp-gone") {
		t.Error("the public index was asked for a package that the private one has no more")
	}
}
