//go:build integration

package hostile

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
)

// evilPostinst does what a package could want to: it runs as root in the image.
const evilPostinst = `#!/bin/sh
exec > /evidence 2>&1
echo "secrets: $(ls -A /run/secrets 2>/dev/null)"
echo "interfaces: $(ls /sys/class/net | tr '\n' ' ')"
/usr/bin/python3.11 -c "import urllib.request; urllib.request.urlopen('ADDRESS', timeout=5)" >/dev/null 2>&1 && echo called
echo "print('changed')" > /run/deployfile/aptinstall.py && echo "wrote the script"
for f in /run/debs/*; do echo changed > $f && echo "wrote a package"; done
for f in /var/log/dpkg.log /var/lib/dpkg/lock /var/lib/dpkg/triggers/Lock; do rm -f $f; ln -s /etc/passwd $f; done
exit 0
`

// evilPackage is a Debian package whose script is evilPostinst.
func evilPackage(t *testing.T, address string) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dfevil")
	for name, f := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"DEBIAN/control":      {"Package: dfevil\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: evil\n", 0o644},
		"DEBIAN/postinst":     {strings.ReplaceAll(evilPostinst, "ADDRESS", address), 0o755},
		"usr/share/dfevil/it": {"evil\n", 0o644},
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			t.Fatal(err)
		}
	}
	file := dir + ".deb"
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "--build", dir, file).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestHostileDebianPackage installs a package of a lock that somebody else wrote:
// its script is without a network and without secrets, and nothing but the image
// is its to change. Another file than the locked one is not installed.
func TestHostileDebianPackage(t *testing.T) {
	var called atomic.Bool
	var served []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/called" {
			called.Store(true)
			return
		}
		_, _ = w.Write(served)
	}))
	defer server.Close()
	good := evilPackage(t, server.URL+"/called")
	p := shared.Tiny(t, "")
	p.Lock(t)
	p.Edit(t, "Deployfile", "code = ", "system-packages = [\"dfevil\"]\ncode = ")
	p.Edit(t, "Deployfile.lock", "[inputs]\n", "[inputs]\nsystem-packages = [\"dfevil\"]\n")
	p.Edit(t, "Deployfile.lock", "[platforms.wheels]\n", fmt.Sprintf(`[platforms.wheels]

[[platforms.system-packages]]
name = "dfevil"
version = "1.0"
filename = "dfevil_1.0_all.deb"
url = "%s/dfevil_1.0_all.deb"
sha256 = "%x"
`, server.URL, sha256.Sum256(good)))
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	withSecret := func(o *build.Options) { o.Secrets = []string{"id=token,src=" + secret} }

	served = []byte("!<arch>\nanother file")
	_, _, err := p.TryBuild(t, withSecret)
	buildtest.WantError(t, err, "dfevil_1.0_all.deb", "sha256")

	served = good
	img := p.BuildWith(t, withSecret)
	evidence, passwd := "", ""
	img.Files(t, func(h *tar.Header, content io.Reader) {
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		switch strings.TrimPrefix(h.Name, "./") {
		case "evidence":
			evidence = string(text)
		case "etc/passwd":
			passwd = string(text)
		}
	})
	for line := range strings.Lines(evidence) {
		line = strings.TrimSpace(line)
		switch {
		case line == "secrets:", line == "interfaces: lo", strings.Contains(line, "Read-only file system"), strings.Contains(line, "Directory nonexistent"):
		default:
			t.Errorf("the package's script says: %s", line)
		}
	}
	if !strings.Contains(evidence, "interfaces: lo") {
		t.Errorf("the package's script left %q", evidence)
	}
	if called.Load() {
		t.Error("the package's script reached a server of the machine")
	}
	if !strings.HasPrefix(passwd, "root:") {
		t.Errorf("what removes traces followed a link, and /etc/passwd is %q", passwd)
	}
}
