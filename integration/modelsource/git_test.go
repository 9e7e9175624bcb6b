//go:build integration

package modelsource

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// forge is a server of git's own http-backend with a repository, and with Git LFS as its
// documentation says: objects are at another host, which must get no credential.
type forge struct {
	// URL is the repository's.
	URL string
	// stored are the objects of Git LFS by their hashes, told how often one was told.
	stored map[string]string
	told   int
}

// startForge starts a server of a repository with a model, of which data/weights.bin is in
// Git LFS. The tag v1 and the branch main have it; the branch other has another one. A
// password is demanded if there is one.
func startForge(t *testing.T, address, below, password string, files map[string]string) *forge {
	t.Helper()
	f := &forge{stored: map[string]string{}}
	kept := map[string]string{".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"}
	if below != "" {
		kept["README"] = "beside the model\n"
	}
	for name, text := range files {
		if strings.HasSuffix(name, ".bin") {
			f.stored[sha(text)] = text
			text = fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", sha(text), len(text))
		}
		kept[below+name] = text
	}
	r := lab.NewRepository(t, kept)
	lab.Git(t, r.Dir, "tag", "--annotate", "--message=One", "v1")
	lab.Git(t, r.Dir, "checkout", "--quiet", "-b", "other")
	if err := os.WriteFile(filepath.Join(r.Dir, below, "MLmodel"), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	lab.Git(t, r.Dir, "commit", "--quiet", "--all", "--message=Second")
	lab.Git(t, r.Dir, "checkout", "--quiet", "main")
	store := serveAt(t, address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := f.stored[strings.TrimPrefix(r.URL.Path, "/")]
		switch {
		case r.Header.Get("Authorization") != "Signed s3cr3t":
			t.Errorf("an object is asked for with the headers %v", r.Header)
		case !ok:
			http.NotFound(w, r)
		default:
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
		}
	}))
	backend := &cgi.Handler{
		Path: filepath.Join(lab.Git(t, r.Dir, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	f.URL = serveAt(t, address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path != "/project.git/.git/info/lfs/objects/batch" {
			backend.ServeHTTP(w, r)
			return
		}
		f.batch(w, r, store)
	})) + "/project.git/.git"
	return f
}

// batch answers as the batch API of Git LFS.
func (f *forge) batch(w http.ResponseWriter, r *http.Request, store string) {
	var asked struct {
		Operation string `json:"operation"`
		Objects   []struct {
			OID  string `json:"oid"`
			Size int    `json:"size"`
		} `json:"objects"`
	}
	const kind = "application/vnd.git-lfs+json"
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Operation != "download" || r.Header.Get("Accept") != kind || r.Header.Get("Content-Type") != kind {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	f.told++
	var objects []map[string]any
	for _, o := range asked.Objects {
		object := map[string]any{"oid": o.OID, "size": o.Size}
		if text, ok := f.stored[o.OID]; ok && len(text) == o.Size {
			object["actions"] = map[string]any{"download": map[string]any{"href": store + "/" + o.OID, "header": map[string]string{"Authorization": "Signed s3cr3t"}}}
		} else {
			object["error"] = map[string]any{"code": 404, "message": "Object does not exist on the server"}
		}
		objects = append(objects, object)
	}
	w.Header().Set("Content-Type", kind)
	_ = json.NewEncoder(w).Encode(map[string]any{"transfer": "basic", "objects": objects})
}

// withoutConfiguration are the variables of a user whose git has no configuration but that
// of a test.
func withoutConfiguration(t *testing.T, password string) map[string]string {
	t.Helper()
	env := map[string]string{"GIT_CONFIG_SYSTEM": "/dev/null", "GIT_CONFIG_GLOBAL": "/dev/null"}
	if password == "" {
		return env
	}
	helper := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(helper, []byte("[credential]\n\thelper = \"!f() { echo username=me; echo password="+password+"; }; f\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return with(env, "GIT_CONFIG_GLOBAL", helper)
}

// TestGit builds from a repository with Git LFS, which the client sends, or the builder
// fetches, to the image of the model's directory.
func TestGit(t *testing.T) {
	files := tinyFiles(t)
	want := directoryImage(t, files)
	for _, tt := range []struct {
		below, after, password string
		through                bool
	}{
		{"", "@main", "", true},
		{"models/my iris/", "@v1#models/my iris", "", false},
		{"iris/", "#iris", "s3cr3t", true},
		{"iris/", "@v1#iris", "s3cr3t", false},
	} {
		t.Run(tt.after, func(t *testing.T) {
			address := ownAddress(t)
			if tt.through {
				address = "127.0.0.1"
			}
			f := startForge(t, address, tt.below, tt.password, files)
			givesImage(t, "git+"+f.URL+tt.after, want, withoutConfiguration(t, tt.password), tt.through)
		})
	}
}

// TestGitURI asks a repository what it has, for check and for a first Deployfile.
func TestGitURI(t *testing.T) {
	f := startForge(t, "127.0.0.1", "iris/", "", map[string]string{"MLmodel": tinyModel})
	u, dir := newUser(t, withoutConfiguration(t, "")), t.TempDir()
	source := "git+" + f.URL + "@main#iris"
	for _, command := range []string{"check", "init"} {
		if out, _ := u.in(t, dir, 0, command, source); !strings.Contains(out, source+" is git+"+f.URL+"@") {
			t.Errorf("%s says %q", command, out)
		}
	}
}

// TestGitErrors says what is wrong with a name, a credential, or an object.
func TestGitErrors(t *testing.T) {
	f := startForge(t, "127.0.0.1", "iris/", "", map[string]string{"MLmodel": tinyModel, "weights.bin": "weights"})
	private := startForge(t, "127.0.0.1", "", "s3cr3t", map[string]string{"MLmodel": tinyModel})
	lost := startForge(t, "127.0.0.1", "", "", map[string]string{"MLmodel": tinyModel, "weights.bin": "weights"})
	clear(lost.stored)
	for _, tt := range []struct{ source, want string }{
		{f.URL + "@v9#iris", `"v9" of the repository`},
		{f.URL + "@main#none", `the directory "none"`},
		{f.URL, "it has no MLmodel"},
		{private.URL, "give git a credential"},
		{lost.URL, "404 Not Found: Object does not exist on the server"},
		{f.URL + "x", "not found"},
		{f.URL + "@--upload-pack=x", "is not a branch, tag or commit"},
		{f.URL + "#../x", "leads out of the repository"},
		{"file:///srv/project", "it names no repository"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			fails(t, "git+"+tt.source, withoutConfiguration(t, ""), tt.want)
		})
	}
}
