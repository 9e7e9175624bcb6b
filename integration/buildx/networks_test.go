//go:build integration

package buildx

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestSSH takes a requirement from a repository behind SSH.
func TestSSH(t *testing.T) {
	repository := lab.NewRepository(t, map[string]string{
		"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n[project]\nname = \"dfgit\"\nversion = \"1.0\"\n",
		"backend.py": `
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name, info = "dfgit-1.0-py3-none-any.whl", "dfgit-1.0.dist-info/"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as z:
        for path, text in (("dfgit.py", ""), (info + "METADATA", "Metadata-Version: 2.1\nName: dfgit\nVersion: 1.0\n"),
                           (info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"), (info + "RECORD", "")):
            z.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
    return name
`,
	})
	address, key := repository.ServeSSH(t)
	p := tiny(t, "", "dfgit @ git+"+address)
	wantFailure(t, p.buildx(t, "--target", "lock", "-o", t.TempDir()), "requirement dfgit", "| >>> dfgit @ git+ssh://")

	agent := []string{"--ssh", "default=" + key}
	p.lock(t, agent...)
	wantWords(t, p.Read(t, "pylock.toml"), repository.Commit, address)
	built := p.push(t, "ssh", agent...)
	if got := strings.TrimSpace(p.deployfile(t, "build", append(agent, "-t", shared.registry.Host+"/ssh:cli", "--push")...)); got != digestOf(t, built) {
		t.Errorf("buildx makes %s and the CLI %s", digestOf(t, built), got)
	}
}

// TestCertificates resolves and fetches from an index whose certificate only a
// secret vouches for.
func TestCertificates(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	x.User, x.Password = "__token__", "tk-of-the-index"
	address, authority := x.ServeTLS(t)
	p := tiny(t, "ca = \"corp-ca\"\n"+strings.ReplaceAll(x.Table("corp", `secret = "corp"`), x.URL, address), "dfone")
	how := invocation{env: []string{"CORP=" + x.Password}}
	args := []string{"--secret", "id=corp,env=CORP"}
	// What the machine trusts is in the bundle too: uv comes from elsewhere.
	bundle := append([]byte{}, authority...)
	if file := os.Getenv("SSL_CERT_FILE"); file != "" {
		trusted, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--secret", "id=corp-ca,src="+file)
		bundle = append(append(bundle, '\n'), trusted...)
	}
	wantFailure(t, p.run(t, how, append(args, "--target", "lock", "-o", t.TempDir())...), "certificate", "| >>> url = ")

	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	args = []string{"--secret", "id=corp,env=CORP", "--secret", "id=corp-ca,src=" + file}
	p.must(t, how, append(args, "--target", "lock", "-o", p.Dir)...)
	how.progress = "rawjson"
	r := p.must(t, how, append(args, "--no-cache")...)
	if v := r.vertices(t)["fetch dfone-1.0-py3-none-any.whl"]; !v.ran {
		t.Errorf("nothing was fetched: %+v", v)
	}
}

// TestProxy reaches an index by a name that only the proxy knows.
func TestProxy(t *testing.T) {
	const host = "packages.example.invalid"
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	x.User, x.Password = "__token__", "tk-of-the-index"
	behind, err := url.Parse(x.URL)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind) }}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != host {
			http.Error(w, "the proxy knows one host only", http.StatusBadGateway)
			return
		}
		asked.Add(1)
		forward.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	p := tiny(t, strings.ReplaceAll(x.Table("corp", `secret = "corp"`), strings.TrimPrefix(x.URL, "http://"), host), "dfone")
	how := invocation{env: []string{"CORP=" + x.Password}}
	args := []string{"--secret", "id=corp,env=CORP", "--build-arg", "HTTP_PROXY=" + proxy.URL}
	p.must(t, how, append(args, "--target", "lock", "-o", p.Dir)...)
	locked := asked.Load()
	if locked == 0 {
		t.Error("the proxy was not asked for the lock")
	}
	ref := shared.registry.Host + "/proxy"
	p.must(t, how, append(args, "-t", ref, "--push", withoutProvenance, "--no-cache")...)
	if asked.Load() == locked {
		t.Error("the proxy was not asked for the build")
	}
	config, err := pullImage(t, ref, "amd64").RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	hides(t, proxy.URL, map[string]string{"image's config": string(config)})
}
