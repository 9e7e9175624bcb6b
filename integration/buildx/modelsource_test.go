//go:build integration

package buildx

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

const (
	storeToken = "tk-of-the-store"
	repository = "acme/iris"
	hubCommit  = "0123456789abcdef0123456789abcdef01234567"
)

// storedModel returns the files of a model; one has a layer of its own.
func storedModel(p *project, t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"MLmodel": p.Read(t, "model/MLmodel"), "requirements.txt": "", "data/weights.bin": strings.Repeat("0123456789abcdef", 5<<16), "a b+é.txt": "x",
	}
}

// stored is a model in a store.
type stored struct {
	source string
	// env are the variables of the store's clients, secrets the arguments that give a
	// build what it needs of them.
	env     map[string]string
	secrets []string
	// public are those of the secrets that are no credential. With these alone the step
	// says denied; "" if the store lets everybody in.
	public []string
	denied string
	// credential is what nobody is to see, "" if there is none.
	credential string
}

// TestModelSources builds, with nothing but buildx, models that stores have, from locks
// that the command line has made: with each store's credential as a secret, to the image of
// the model's directory.
func TestModelSources(t *testing.T) {
	eachStore(t, map[string]func(t *testing.T, files map[string]string) stored{"archive": startArchive, "hub": startHub, "git": startGit})
}

// eachStore builds a model from each store.
func eachStore(t *testing.T, stores map[string]func(t *testing.T, files map[string]string) stored) {
	t.Helper()
	local := tiny(t, "")
	files := storedModel(local, t)
	for name, text := range files {
		local.Write(t, "model/"+name, text)
	}
	local.lock(t)
	want := local.imageID(t)
	for name, start := range stores {
		t.Run(name, func(t *testing.T) { start(t, files).build(t, want) })
	}
}

// build builds the model, and compares the image's id.
func (s stored) build(t *testing.T, want string) {
	t.Helper()
	p := tiny(t, "")
	if err := os.RemoveAll(p.Path("model")); err != nil {
		t.Fatal(err)
	}
	p.Edit(t, "Deployfile", `source = "model"`, `source = "`+s.source+`"`)
	for name, value := range s.env {
		t.Setenv(name, value)
	}
	p.deployfile(t, "lock")
	if s.denied != "" {
		r := p.buildx(t, append(slices.Clone(s.public), "--no-cache", "--output", "type=cacheonly")...)
		if r.err == nil || !strings.Contains(r.stderr, s.denied) {
			t.Errorf("without a credential: %v\n%s", r.err, lab.Tail(r.stderr))
		}
	}
	if got := p.imageID(t, s.secrets...); got != want {
		t.Errorf("the image is %s, and that of the directory %s", got, want)
	}
	texts := p.LockFiles(t)
	r := p.must(t, invocation{progress: "rawjson"}, append(slices.Clone(s.secrets), "--no-cache", "--output", "type=cacheonly", "--provenance=mode=max")...)
	texts["log"] = r.stderr + r.logs()
	for key, value := range r.metadata {
		texts["metadata "+key] = string(value)
	}
	if s.credential != "" {
		hides(t, s.credential, texts)
	}
}

// imageID builds a project, and returns the image's id.
func (p *project) imageID(t *testing.T, args ...string) string {
	t.Helper()
	r := p.mustBuildx(t, append(args, "--output", "type=oci,dest="+filepath.Join(t.TempDir(), "image.tar"), withoutProvenance)...)
	var id string
	if err := json.Unmarshal(r.metadata["containerimage.config.digest"], &id); err != nil {
		t.Fatal(err)
	}
	return id
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// startArchive serves an archive by https to who has the password in a netrc file.
func startArchive(t *testing.T, files map[string]string) stored {
	t.Helper()
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: "iris/" + name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if w.Close() != nil || z.Close() != nil {
		t.Fatal("the archive is not written")
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != storeToken {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(archive.Bytes()))
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	netrc, ca := filepath.Join(dir, "netrc"), filepath.Join(dir, "ca.pem")
	trusted, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		t.Fatal(err)
	}
	trusted = append(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})...)
	for name, data := range map[string][]byte{netrc: []byte("machine 127.0.0.1 login me password " + storeToken + "\n"), ca: trusted} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return stored{
		source: s.URL + "/iris.tar.gz", env: map[string]string{"NETRC": netrc, "SSL_CERT_FILE": ca}, secrets: []string{"--secret", "id=netrc,src=" + netrc},
		denied: "401 Unauthorized: no credential was given", credential: storeToken,
	}
}

// startHub serves a repository as the hub's API does, to who has the token.
func startHub(t *testing.T, files map[string]string) stored {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/models/"+repository+"/revision/main", func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(map[string]string{"sha": hubCommit})
	})
	mux.HandleFunc("GET /api/models/"+repository+"/tree/"+hubCommit, func(rw http.ResponseWriter, _ *http.Request) {
		var all []map[string]any
		for name, text := range files {
			sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))
			entry := map[string]any{"type": "file", "path": name, "size": len(text), "oid": hex.EncodeToString(sum[:])}
			if len(text) > 1<<20 {
				entry["lfs"] = map[string]any{"oid": sha(text), "size": len(text)}
			}
			all = append(all, entry)
		}
		_ = json.NewEncoder(rw).Encode(all)
	})
	mux.HandleFunc("GET /"+repository+"/resolve/"+hubCommit+"/{path...}", func(rw http.ResponseWriter, r *http.Request) {
		http.ServeContent(rw, r, "", time.Time{}, strings.NewReader(files[r.PathValue("path")]))
	})
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+storeToken {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(s.Close)
	return stored{
		source: "hf://" + repository, env: map[string]string{"HF_ENDPOINT": s.URL, "HF_TOKEN": storeToken}, secrets: secrets("HF_TOKEN", "HF_ENDPOINT"),
		denied: "401 Unauthorized: no credential was given", credential: storeToken,
	}
}

// startGit serves a repository, of which Git LFS has the weights, to who has the token.
func startGit(t *testing.T, files map[string]string) stored {
	t.Helper()
	kept := maps.Clone(files)
	weights := files["data/weights.bin"]
	kept["data/weights.bin"] = fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", sha(weights), len(weights))
	kept[".gitattributes"] = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
	r := lab.NewRepository(t, kept)
	backend := &cgi.Handler{
		Path: filepath.Join(lab.Git(t, r.Dir, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case r.URL.Path == "/objects":
			http.ServeContent(rw, r, "", time.Time{}, strings.NewReader(weights))
			return
		case strings.HasSuffix(r.URL.Path, "/info/lfs/objects/batch"):
			// Git LFS gets no credential over http.
		case password != storeToken:
			rw.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		default:
			backend.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/vnd.git-lfs+json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"objects": []any{map[string]any{
			"oid": sha(weights), "size": len(weights), "actions": map[string]any{"download": map[string]any{"href": s.URL + "/objects"}},
		}}})
	}))
	t.Cleanup(s.Close)
	config := filepath.Join(t.TempDir(), "gitconfig")
	if err := os.WriteFile(config, []byte("[credential]\n\thelper = \"!f() { echo username=me; echo password="+storeToken+"; }; f\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(s.URL, "http://")
	return stored{
		source:  "git+" + s.URL + "/project.git/.git@main",
		env:     map[string]string{"GIT_CONFIG_GLOBAL": config, "GIT_CONFIG_SYSTEM": "/dev/null", "STORE_TOKEN": storeToken},
		secrets: []string{"--secret", "id=GIT_AUTH_TOKEN." + host + ",env=STORE_TOKEN"},
		denied:  "could not read", credential: storeToken,
	}
}
