//go:build integration

package packages

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestIndexThatRefuses says which index let nobody in, and the flag that gives its
// secret, where uv takes it for one without the package.
func TestIndexThatRefuses(t *testing.T) {
	const packages, secret = `packages = ["dfcorp"]`, `secret = "corp-index"`
	secretFile := func(text string) func(*build.Options) {
		file := filepath.Join(t.TempDir(), "credential")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return func(o *build.Options) { o.Secrets = []string{"id=corp-index,src=" + file} }
	}
	wrong := secretFile("reader:wrong")
	const give = "hint: give it: --secret id=corp-index,env=VARIABLE"
	for name, c := range map[string]struct {
		status int
		table  []string
		change func(*build.Options)
		want   []string
		line   string
	}{
		"no secret given": {0, []string{packages, secret}, nil,
			[]string{`index "corp" answers 401 Unauthorized for dfcorp, and its secret "corp-index" was not given`, give}, "secret ="},
		"a wrong one": {0, []string{packages, secret}, wrong,
			[]string{`index "corp" answers 401 Unauthorized for dfcorp to the secret "corp-index"`, "hint: a secret holds user:password"}, "secret ="},
		"one that may not read": {http.StatusForbidden, []string{packages, secret}, wrong,
			[]string{`answers 403 Forbidden for dfcorp to the secret "corp-index"`, "may not read this"}, "secret ="},
		"hidden": {http.StatusNotFound, []string{packages, secret}, nil,
			[]string{`answers 404 Not Found for dfcorp, and its secret "corp-index" was not given`, give}, "secret ="},
		"without packages": {0, []string{secret}, nil,
			[]string{`answers 401 Unauthorized for dfcorp, and its secret "corp-index" was not given`, give}, "secret ="},
		"no secret declared": {0, []string{packages}, nil,
			[]string{"answers 401 Unauthorized for dfcorp, and the Deployfile names no secret for it", `hint: write secret = "corp" in its table`, "--secret id=corp,env="}, "url ="},
	} {
		t.Run(name, func(t *testing.T) {
			x := lab.NewIndex(t, lab.Wheel(t, "dfcorp", "1.0", ""))
			x.User, x.Password, x.Refuses = "reader", "correct-horse-battery", c.status
			p := shared.Tiny(t, x.Table("corp", c.table...), "dfcorp")
			o, err := p.TryLock(t, c.change)
			buildtest.WantError(t, err, c.want...)
			buildtest.WantSource(t, err, p.Read(t, "Deployfile"), c.line)
			for _, words := range []string{"deployfile-pins", "No solution found"} {
				if strings.Contains(err.Error(), words) || strings.Contains(o.Log, "deployfile-pins") {
					t.Errorf("%q is said:\n%v\n%s", words, err, lab.Tail(o.Log))
				}
			}
		})
	}

	// An index that hides what it has, to whoever comes without its secret, is not taken for
	// one without the package: anybody may have published one of that name elsewhere.
	x := lab.NewIndex(t, lab.Wheel(t, "dfcorp", "1.0", ""))
	x.User, x.Password, x.Refuses = "reader", "correct-horse-battery", http.StatusNotFound
	public := lab.NewIndex(t, lab.Wheel(t, "dfcorp", "99.0", ""), lab.Wheel(t, "dfone", "1.0", ""))
	both := x.Table("corp", secret) + public.Table("public")
	p := shared.Tiny(t, both, "dfcorp")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, `index "corp" answers 404 Not Found for dfcorp, and its secret "corp-index" was not given`, give)
	p.LockWith(t, secretFile("reader:correct-horse-battery"))
	if pylock := p.Read(t, "pylock.toml"); strings.Contains(pylock, "99.0") {
		t.Errorf("the package is of the wrong index:\n%s", pylock)
	}
	shared.Tiny(t, both, "dfcorp", "dfone").LockWith(t, secretFile("reader:correct-horse-battery"))

	// What is really missing stays that, in words that whoever reads them has written.
	x = lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p = shared.Tiny(t, x.Table("corp", packages), "dfcorp")
	_, err = p.TryLock(t, nil)
	buildtest.WantError(t, err, "dfcorp was not found", "the Deployfile depends on dfcorp")

	// A model that names an index which wants a credential.
	x = lab.NewIndex(t, lab.Wheel(t, "dfcorp", "1.0", ""))
	x.User, x.Password = "reader", "correct-horse-battery"
	p = shared.Tiny(t, "", "--extra-index-url "+x.URL+"/simple", "dfcorp")
	_, err = p.TryLock(t, nil)
	buildtest.WantError(t, err, "answers 401 Unauthorized for dfcorp", "[[environment.indexes]]", x.URL, "--secret id=NAME")

	// A build fetches with the secret, too.
	p = shared.Tiny(t, x.Table("corp", packages, secret), "dfcorp")
	p.LockWith(t, secretFile("reader:correct-horse-battery"))
	_, _, err = p.TryBuild(t, nil)
	buildtest.WantError(t, err, `index "corp" answers 401 Unauthorized for dfcorp-1.0-py3-none-any.whl, and its secret "corp-index" was not given`, give)
	buildtest.WantSource(t, err, p.Read(t, "Deployfile"), "secret =")
}

// TestUntrustedCertificate names the secret that has certificates, and no flag of uv's.
func TestUntrustedCertificate(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	address, _ := x.ServeTLS(t)
	p := shared.Tiny(t, "ca = \"corp-ca\"\n"+strings.ReplaceAll(x.Table("corp"), x.URL, address), "dfone")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "certificate", "hint: trust the authority that signed the certificate: --secret id=corp-ca,src=", "docs/networks.md")
	if strings.Contains(err.Error(), "system-certs") {
		t.Errorf("uv's flag is proposed:\n%v", err)
	}
}
