package buildx

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/archive/compression"
)

// TestSecrets installs from an index that demands a credential, in each of the
// forms that a secret has, and looks for it in all that comes out.
func TestSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		user, password string
		// secret is the text of the secret.
		secret string
	}{
		"user and password": {"reader", "correct-horse-battery", "reader:correct-horse-battery\n"},
		"token":             {"__token__", "tk-5c2f0b1e9d", "tk-5c2f0b1e9d"},
		"netrc":             {"reader", "staple-of-nine-words", "machine 127.0.0.1\nlogin reader\npassword staple-of-nine-words\n"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newIndex(t, newWheel(t, "dfprivate", "1.0"))
			x.user, x.password = c.user, c.password
			p := tiny(t, x.table("corp", `secret = "corp-index"`), "dfprivate")
			wantFailure(t, p.buildx(t, "--target", "lock", "-o", t.TempDir()), "401", "| >>> url = ")

			secret := []string{"--secret", "id=corp-index,env=CORP_INDEX"}
			how := invocation{env: []string{"CORP_INDEX=" + c.secret}, progress: "rawjson"}
			registry := startRegistry(t)
			ref := registry.host + "/private"
			locked := p.must(t, how, append(secret, "--target", "lock", "-o", p.dir)...)
			built := p.must(t, how, append(secret, "-t", ref, "--push", "--sbom=true", "--provenance=mode=max",
				"--cache-to", "type=registry,mode=max,ref="+ref+":cache")...)
			if v := built.vertices(t)["fetch dfprivate-1.0-py3-none-any.whl"]; !v.ran {
				t.Errorf("nothing was fetched from the index: %+v", v)
			}

			texts := map[string]string{
				"log of the lock":  locked.stderr + locked.logs(),
				"log of the build": built.stderr + built.logs(),
			}
			for key, value := range built.metadata {
				texts["metadata "+key] = string(value)
			}
			for file, text := range files(t, p.dir, "*lock*") {
				texts[file] = text
			}
			blobs := registry.blobs(t)
			// The layers, the config and the manifest of the image, the two
			// SBOMs, the provenance and the cache.
			if len(blobs) < 10 {
				t.Errorf("the registry has %d blobs only", len(blobs))
			}
			for digest, text := range blobs {
				texts["blob "+digest] = text
			}
			for _, form := range []string{
				c.password,
				url.QueryEscape(c.user + ":" + c.password),
				strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(c.user+":"+c.password)), "="),
				strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(c.secret)), "="),
				strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(c.password)), "="),
			} {
				hides(t, form, texts)
			}
		})
	}
}

// blobs are all that the registry holds, decompressed, by digest.
func (r *registry) blobs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(r.dir, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "data" || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text, err := decompressed(data)
		out[filepath.Base(filepath.Dir(path))] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decompressed(data []byte) (string, error) {
	r, err := compression.DecompressStream(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	return string(text), err
}

// TestMirror builds and resolves through an index that the Deployfile knows
// nothing of, and that demands a credential.
func TestMirror(t *testing.T) {
	const password = "tk-of-the-mirror"
	wheel := newWheel(t, "dfone", "1.0")
	x := newIndex(t, wheel)
	p := tiny(t, x.table("local"), "dfone")
	p.lock(t)
	direct := digestOf(t, p.push(t, "mirror"))

	mirror := newIndex(t, wheel)
	mirror.user, mirror.password = "__token__", password
	// uv comes through the mirror too; this one links to where it is.
	for _, m := range regexp.MustCompile(`filename = "(uv-.*)"\nurl = "(.*)"\nsha256 = "(.*)"`).FindAllStringSubmatch(p.read(t, "Deployfile.lock"), -1) {
		mirror.uv += fmt.Sprintf("<a href=\"%s#sha256=%s\">%s</a>\n", m[2], m[3], m[1])
	}
	if mirror.uv == "" {
		t.Fatalf("no uv in the lock:\n%s", p.read(t, "Deployfile.lock"))
	}
	through := []string{"--build-arg", "DEPLOYFILE_INDEX=" + mirror.URL + "/simple", "--secret", "id=index,env=MIRROR"}
	how := invocation{env: []string{"MIRROR=" + password}, progress: "rawjson"}

	// The index that the lock names is gone.
	x.Close()
	ref := lab.registry.host + "/mirror:again"
	built := p.must(t, how, append(through, "-t", ref, "--push", withoutProvenance, "--no-cache")...)
	if got := built.digest(t); got != direct {
		t.Errorf("through the mirror the image is %s, and was %s", got, direct)
	}
	if !mirror.askedFor("files/dfone") {
		t.Error("the mirror was not asked for the wheel")
	}

	p = tiny(t, "", "dfone")
	locked := p.must(t, how, append(through, "--target", "lock", "-o", p.dir)...)
	wantWords(t, p.read(t, "pylock.toml"), "dfone-1.0-py3-none-any.whl")
	if lock := p.read(t, "Deployfile.lock"); strings.Contains(lock, mirror.URL+"/simple") {
		t.Errorf("the lock names the mirror as if it was an index of the Deployfile:\n%s", lock)
	}
	texts := map[string]string{"build": built.stderr + built.logs(), "lock": locked.stderr + locked.logs()}
	hides(t, password, texts)
}

// TestMirrorWithCredential refuses what would stay in the build's history.
func TestMirrorWithCredential(t *testing.T) {
	const password = "correct-horse-battery"
	p := tiny(t, "")
	r := p.buildx(t, "--build-arg", "DEPLOYFILE_INDEX=https://reader:"+password+"@packages.example.com/simple")
	wantFailure(t, r, "build argument DEPLOYFILE_INDEX holds a credential", `give it as the secret "index"`)
	hides(t, password, map[string]string{"output": r.stdout + r.stderr})
}
