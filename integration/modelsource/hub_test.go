//go:build integration

package modelsource

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const hubCommit = "0123456789abcdef0123456789abcdef01234567"

// hubServer answers as the documentation of the hub's API says: files that are large are
// at another host, which must get no token.
type hubServer struct {
	t     *testing.T
	files map[string]string
	// store is the address of the other host.
	store string
	// busy is how often the hub answers that it is.
	busy int
}

// startHub starts a hub with the repositories acme/iris, acme/private and acme/gated.
func startHub(t *testing.T, address string, files map[string]string) string {
	t.Helper()
	h := &hubServer{t: t, files: maps.Clone(files), busy: 2}
	h.files[".gitattributes"] = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
	h.files["README"] = ""
	h.store = serveAt(t, address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.URL.Query().Get("Signature") != "s3cr3t" {
			t.Errorf("%s has the headers %v", r.URL.Path, r.Header)
		}
		for _, text := range h.files {
			if "/"+sha(text) == r.URL.Path {
				http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
			}
		}
	}))
	return serveAt(t, address, h)
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func large(text string) bool { return len(text) > 1<<20 }

func refuse(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("X-Error-Code", code)
	w.Header().Set("X-Error-Message", text)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}

func (h *hubServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("Authorization")
	path := strings.Trim(r.URL.EscapedPath(), "/")
	listing := strings.HasPrefix(path, "api/models/")
	path = strings.TrimPrefix(path, "api/models/")
	parts := strings.SplitN(path, "/", 5)
	if len(parts) < 4 {
		http.NotFound(w, r)
		return
	}
	repository, verb, revision := parts[0]+"/"+parts[1], parts[2], parts[3]
	rest := ""
	if len(parts) == 5 {
		rest, _ = url.PathUnescape(parts[4])
	}
	private := repository == "acme/private"
	switch {
	case repository == "acme/gated":
		refuse(w, http.StatusForbidden, "GatedRepo", "Access to model acme/gated is restricted and you are not in the authorized list.")
	case private && token != "Bearer s3cr3t" || repository == "acme/none" && token == "":
		refuse(w, http.StatusUnauthorized, "RepoNotFound", "Invalid username or password.")
	case repository != "acme/iris" && !private:
		refuse(w, http.StatusNotFound, "RepoNotFound", "Repository not found")
	case revision != "main" && revision != "refs%2Fpr%2F1" && revision != hubCommit:
		refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
	case h.busy > 0:
		h.busy--
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case listing && verb == "revision":
		_ = json.NewEncoder(w).Encode(map[string]any{"id": repository, "sha": hubCommit, "private": private, "siblings": []any{}})
	case listing && verb == "tree":
		h.tree(w, r, rest)
	case !listing && verb == "resolve":
		h.resolve(w, r, rest)
	default:
		http.NotFound(w, r)
	}
}

// tree lists two files at a time.
func (h *hubServer) tree(w http.ResponseWriter, r *http.Request, below string) {
	type lfs struct {
		OID         string `json:"oid"`
		Size        int    `json:"size"`
		PointerSize int    `json:"pointerSize"`
	}
	type entry struct {
		Type string `json:"type"`
		OID  string `json:"oid"`
		Size int    `json:"size"`
		Path string `json:"path"`
		LFS  *lfs   `json:"lfs,omitempty"`
	}
	all := []entry{{Type: "directory", OID: hubCommit, Path: filepath.Join(below, "data")}}
	for _, name := range slices.Sorted(maps.Keys(h.files)) {
		if below != "" && !strings.HasPrefix(name, below+"/") {
			continue
		}
		text := h.files[name]
		sum := sha1.Sum([]byte(fmt.Sprintf("blob %d\x00%s", len(text), text)))
		e := entry{Type: "file", OID: hex.EncodeToString(sum[:]), Size: len(text), Path: name}
		if large(text) {
			e.LFS = &lfs{sha(text), len(text), 132}
		}
		all = append(all, e)
	}
	if len(all) == 1 {
		refuse(w, http.StatusNotFound, "EntryNotFound", below+" does not exist on \"main\"")
		return
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	to := min(from+2, len(all))
	if to < len(all) {
		q := r.URL.Query()
		q.Set("cursor", strconv.Itoa(to))
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.EscapedPath(), q.Encode()))
	}
	_ = json.NewEncoder(w).Encode(all[from:to])
}

func (h *hubServer) resolve(w http.ResponseWriter, r *http.Request, name string) {
	text, ok := h.files[name]
	w.Header().Set("X-Repo-Commit", hubCommit)
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
	case large(text):
		w.Header().Set("X-Linked-Etag", `"`+sha(text)+`"`)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(text)))
		http.Redirect(w, r, h.store+"/"+sha(text)+"?Signature=s3cr3t", http.StatusFound)
	default:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(text)))
	}
}

// TestHub builds from a repository of a hub, which the client sends, or the builder
// fetches, to the image of the model's directory.
func TestHub(t *testing.T) {
	files := tinyFiles(t)
	nested := map[string]string{}
	for name, text := range files {
		nested["models/my iris/"+name] = text
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	root := maps.Clone(files)
	root["README"] = ""
	want, all := directoryImage(t, files), directoryImage(t, root)
	for _, tt := range []struct {
		source, want string
		files        map[string]string
		env          map[string]string
		through      bool
	}{
		{"hf://acme/iris", all, files, nil, true},
		{"hf://acme/iris@refs%2Fpr%2F1", all, files, map[string]string{"HF_TOKEN": "s3cr3t"}, false},
		{"hf://acme/private@main/models/my iris", want, nested, map[string]string{"HF_TOKEN_PATH": file}, false},
	} {
		t.Run(tt.source[5:], func(t *testing.T) {
			address := ownAddress(t)
			if tt.through {
				address = "127.0.0.1"
			}
			givesImage(t, tt.source, tt.want, with(tt.env, "HF_ENDPOINT", startHub(t, address, tt.files)), tt.through)
		})
	}
}

// TestHubErrors says what is wrong with a name, or a token.
func TestHubErrors(t *testing.T) {
	url := startHub(t, "127.0.0.1", map[string]string{"MLmodel": tinyModel, "other/README": ""})
	none := map[string]string{"HF_ENDPOINT": url}
	token := with(none, "HF_TOKEN", "s3cr3t")
	for _, tt := range []struct {
		source string
		env    map[string]string
		want   string
	}{
		{"hf://acme/none", none, "401 Unauthorized: Invalid username or password; set HF_TOKEN"},
		{"hf://acme/none", token, `the revision "main" of acme/none: 404 Not Found: Repository not found`},
		{"hf://acme/iris@v9", none, "404 Not Found: Invalid rev id: v9"},
		{"hf://acme/private", with(none, "HF_TOKEN", "s3cr3t-but-wrong"), "401 Unauthorized"},
		{"hf://acme/gated", token, "403 Forbidden: Access to model acme/gated is restricted"},
		{"hf://acme/iris@main/nothing", none, "nothing does not exist"},
		{"hf://acme/iris@main/other", none, "it has no MLmodel"},
		{"hf://datasets/acme/iris", none, "not in repositories of datasets"},
		{"hf://acme", none, "it names no repository"},
		{"hf://acme/iris/../x", none, "leads out of the repository"},
	} {
		t.Run(tt.source[5:], func(t *testing.T) { fails(t, tt.source, tt.env, tt.want) })
	}
}
