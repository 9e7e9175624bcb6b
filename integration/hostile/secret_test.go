//go:build integration

package hostile

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestIndexSecret installs from an index that demands a credential, and looks
// for it in all that comes out.
func TestIndexSecret(t *testing.T) {
	const user, password = "reader", "correct-horse-battery"
	x := lab.NewIndex(t, lab.Wheel(t, "dfprivate", "1.0", "WORDS = 'behind a credential'"))
	x.User, x.Password = user, password
	p := shared.Tiny(t, x.Table("local", `secret = "local-index"`), "dfprivate")
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte(user+":"+password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withSecret := func(o *build.Options) { o.Secrets = []string{"id=local-index,src=" + file} }

	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "401")

	locked := p.LockWith(t, withSecret)
	_, _, err = p.TryBuild(t, nil)
	buildtest.WantError(t, err, "dfprivate-1.0-py3-none-any.whl", "401")

	var text string
	img := p.BuildWith(t, func(o *build.Options) {
		withSecret(o)
		o.Then = buildtest.Serving(func(s *buildtest.Server) { text = s.Get(t, "/about") })
	})
	var a buildtest.Answer
	buildtest.Decode(t, text, &a)
	if a.Modules["dfprivate"] != "behind a credential" {
		t.Errorf("the package is not in the image: %v", a.Modules)
	}
	places := map[string][]byte{"log of the lock": []byte(locked.Log), "log of the build": []byte(img.Log), "answer": []byte(text)}
	for name, content := range p.LockFiles(t) {
		places[name] = []byte(content)
	}
	if places["manifest"], err = img.V1.RawManifest(); err != nil {
		t.Fatal(err)
	}
	if places["config"], err = img.V1.RawConfigFile(); err != nil {
		t.Fatal(err)
	}
	img.Files(t, func(h *tar.Header, content io.Reader) {
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		places["file "+h.Name] = data
	})
	encoded := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	for place, content := range places {
		for _, secret := range []string{password, encoded} {
			if bytes.Contains(content, []byte(secret)) || strings.Contains(place, secret) {
				t.Errorf("the secret is in the %s", place)
			}
		}
	}
}
