//go:build integration

package buildx

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
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
			x := lab.NewIndex(t, lab.Wheel(t, "dfprivate", "1.0", ""))
			x.User, x.Password = c.user, c.password
			p := tiny(t, x.Table("corp", `secret = "corp-index"`), "dfprivate")
			wantFailure(t, p.buildx(t, "--target", "lock", "-o", t.TempDir()), `index "corp" answers 401 Unauthorized`, "| >>> secret = ", "--secret id=corp-index,env=VARIABLE")

			secret := []string{"--secret", "id=corp-index,env=CORP_INDEX"}
			how := invocation{env: []string{"CORP_INDEX=" + c.secret}, progress: "rawjson"}
			registry := lab.StartRegistry(t)
			ref := registry.Host + "/private"
			locked := p.must(t, how, append(secret, "--target", "lock", "-o", p.Dir)...)
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
			for file, text := range p.LockFiles(t) {
				texts[file] = text
			}
			blobs := registry.Blobs(t)
			for kind, mark := range map[string]string{
				"manifest": `"config":{"mediaType"`, "image's config": `"Cmd":["serve"]`, "layer": "dfprivate.py",
				"SPDX document": `"SPDX-2.3"`, "CycloneDX document": `"bomFormat"`, "provenance": `"https://slsa.dev/provenance/`,
				"cache manifest": "application/vnd.buildkit.cacheconfig.v0",
			} {
				if !slices.ContainsFunc(slices.Collect(maps.Values(blobs)), func(text string) bool {
					return strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "\n", ""), strings.ReplaceAll(mark, " ", ""))
				}) {
					t.Errorf("no %s among the %d blobs of the registry", kind, len(blobs))
				}
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

// TestMirror builds and resolves through an index that the Deployfile knows
// nothing of, and that demands a credential.
func TestMirror(t *testing.T) {
	const password = "tk-of-the-mirror"
	wheel := lab.Wheel(t, "dfone", "1.0", "")
	x := lab.NewIndex(t, wheel)
	p := tiny(t, x.Table("local"), "dfone")
	p.lock(t)
	direct := digestOf(t, p.push(t, "mirror"))

	mirror := lab.NewIndex(t, wheel)
	mirror.Links = map[string]string{}
	mirror.User, mirror.Password = "__token__", password
	// uv comes through the mirror too; this one links to where it is.
	for _, m := range regexp.MustCompile(`filename = "(uv-.*)"\nurl = "(.*)"\nsha256 = "(.*)"`).FindAllStringSubmatch(p.Read(t, "Deployfile.lock"), -1) {
		mirror.Links["uv"] += fmt.Sprintf("<a href=\"%s#sha256=%s\">%s</a>\n", m[2], m[3], m[1])
	}
	if mirror.Links["uv"] == "" {
		t.Fatalf("no uv in the lock:\n%s", p.Read(t, "Deployfile.lock"))
	}
	through := []string{"--build-arg", "DEPLOYFILE_INDEX=" + mirror.URL + "/simple", "--secret", "id=index,env=MIRROR"}
	how := invocation{env: []string{"MIRROR=" + password}, progress: "rawjson"}

	// The index that the lock names is gone.
	x.Close()
	ref := shared.registry.Host + "/mirror:again"
	built := p.must(t, how, append(through, "-t", ref, "--push", withoutProvenance, "--no-cache")...)
	if got := built.digest(t); got != direct {
		t.Errorf("through the mirror the image is %s, and was %s", got, direct)
	}
	if !mirror.AskedFor("files/dfone") {
		t.Error("the mirror was not asked for the wheel")
	}

	p = tiny(t, "", "dfone")
	locked := p.must(t, how, append(through, "--target", "lock", "-o", p.Dir)...)
	wantWords(t, p.Read(t, "pylock.toml"), "dfone-1.0-py3-none-any.whl")
	if lock := p.Read(t, "Deployfile.lock"); strings.Contains(lock, mirror.URL+"/simple") {
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
