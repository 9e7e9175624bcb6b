// Package databricks is a double of the parts of Databricks' REST API by which MLflow's
// client finds and downloads registered models: Unity Catalog, the Files API, and the
// registry of a workspace. It behaves as the API's documentation and MLflow's client have
// it, and integration/modelsource holds that client against it; no test has seen the real
// one.
package databricks

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Workspace is a workspace with one model in two registries.
type Workspace struct {
	// URL is its address, Token what it lets in.
	URL, Token string
	// Client and Secret are an OAuth client's, which gets the Token.
	Client, Secret string
}

// The names of the model: in Unity Catalog and in the workspace's registry, its version,
// and the alias of it in Unity Catalog.
const (
	Name          = "main.default.iris"
	WorkspaceName = "iris"
	Version       = "3"
	Alias         = "champion"
	RunID         = "0123456789abcdef0123456789abcdef"
)

// perPage is how many entries of a directory an answer has.
const perPage = 2

// Start starts a workspace whose model is a directory. It ends with the test.
func Start(t *testing.T, dir string) *Workspace {
	t.Helper()
	w := &Workspace{Token: "dapi-s3cr3t", Client: "principal", Secret: "s3cr3t-of-principal"}
	mux := http.NewServeMux()
	version := map[string]any{"model_version": map[string]any{"name": Name, "version": Version, "run_id": RunID, "status": "MODEL_VERSION_READY"}}
	const unity = "/api/2.0/mlflow/unity-catalog/"
	asked := func(r *http.Request, name string) string {
		if value := r.URL.Query().Get(name); value != "" {
			return value
		}
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		value, _ := body[name].(string)
		return value
	}
	mux.HandleFunc("GET "+unity+"registered-models/alias", func(rw http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("name") != Name || q.Get("alias") != Alias {
			refuse(rw, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "the alias does not exist")
			return
		}
		answer(rw, version)
	})
	mux.HandleFunc("GET "+unity+"model-versions/get", func(rw http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("name") != Name || q.Get("version") != Version {
			refuse(rw, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "the version does not exist")
			return
		}
		answer(rw, version)
	})
	mux.HandleFunc("GET /api/2.0/mlflow/runs/get", func(rw http.ResponseWriter, r *http.Request) {
		answer(rw, map[string]any{"run": map[string]any{
			"info": map[string]any{"run_id": RunID, "experiment_id": "7"},
			"data": map[string]any{"tags": []any{map[string]string{"key": "mlflow.source.git.commit", "value": "0123abc"}}},
		}})
	})
	const root = "/Models/main/default/iris/" + Version
	mux.HandleFunc("GET /api/2.0/fs/directories/{path...}", func(rw http.ResponseWriter, r *http.Request) {
		at := "/" + r.PathValue("path")
		entries, err := os.ReadDir(filepath.Join(dir, strings.TrimPrefix(at, root)))
		if !strings.HasPrefix(at+"/", root+"/") || err != nil {
			refuse(rw, http.StatusNotFound, "NOT_FOUND", "the directory does not exist")
			return
		}
		if r.Method == http.MethodHead {
			return
		}
		page, next := pageOf(entries, asked(r, "page_token"))
		var contents []map[string]any
		for _, e := range page {
			entry := map[string]any{"path": path.Join(at, e.Name()), "name": e.Name(), "is_directory": e.IsDir()}
			if info, err := e.Info(); err == nil && !e.IsDir() {
				entry["file_size"] = info.Size()
			}
			contents = append(contents, entry)
		}
		answer(rw, map[string]any{"contents": contents, "next_page_token": next})
	})
	mux.HandleFunc("GET /api/2.0/fs/files/{path...}", func(rw http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix("/"+r.PathValue("path"), root+"/")
		if !ok {
			refuse(rw, http.StatusNotFound, "NOT_FOUND", "the file does not exist")
			return
		}
		http.ServeFile(rw, r, filepath.Join(dir, name))
	})
	w.registry(mux, dir)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		open := r.URL.Path == "/oidc/v1/token" || strings.HasPrefix(r.URL.Path, "/signed/") || strings.HasPrefix(r.URL.Path, "/.well-known/") || r.URL.Path == "/oidc/.well-known/oauth-authorization-server"
		if !open && r.Header.Get("Authorization") != "Bearer "+w.Token {
			refuse(rw, http.StatusUnauthorized, "UNAUTHENTICATED", "the token is not valid")
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// registry has the API of a workspace's own registry, and the login of a service principal.
func (w *Workspace) registry(mux *http.ServeMux, dir string) {
	named := func(r *http.Request) bool {
		q := r.URL.Query()
		return q.Get("name") == WorkspaceName && q.Get("version") == Version
	}
	mux.HandleFunc("GET /api/2.0/mlflow/model-versions/get", func(rw http.ResponseWriter, r *http.Request) {
		if !named(r) {
			refuse(rw, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "the version does not exist")
			return
		}
		answer(rw, map[string]any{"model_version": map[string]any{"name": WorkspaceName, "version": Version, "run_id": RunID}})
	})
	mux.HandleFunc("GET /api/2.0/mlflow/model-versions/list-artifacts", func(rw http.ResponseWriter, r *http.Request) {
		at := r.URL.Query().Get("path")
		entries, err := os.ReadDir(filepath.Join(dir, at))
		if !named(r) || err != nil {
			answer(rw, map[string]any{})
			return
		}
		page, next := pageOf(entries, r.URL.Query().Get("page_token"))
		var files []map[string]any
		for _, e := range page {
			file := map[string]any{"path": path.Join(at, e.Name()), "is_dir": e.IsDir()}
			if info, err := e.Info(); err == nil && !e.IsDir() {
				file["file_size"] = info.Size()
			}
			files = append(files, file)
		}
		answer(rw, map[string]any{"files": files, "next_page_token": next})
	})
	mux.HandleFunc("GET /api/2.0/mlflow/model-versions/get-signed-download-uri", func(rw http.ResponseWriter, r *http.Request) {
		if !named(r) {
			refuse(rw, http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", "the version does not exist")
			return
		}
		answer(rw, map[string]any{
			"signed_uri": w.URL + "/signed/" + (&url.URL{Path: r.URL.Query().Get("path")}).EscapedPath() + "?sig=s3cr3t",
			"headers":    []any{map[string]string{"name": "X-Of-The-Cloud", "value": "1"}},
		})
	})
	mux.HandleFunc("GET /signed/{path...}", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sig") != "s3cr3t" || r.Header.Get("X-Of-The-Cloud") != "1" {
			http.Error(rw, "not signed", http.StatusForbidden)
			return
		}
		http.ServeFile(rw, r, filepath.Join(dir, r.PathValue("path")))
	})
	mux.HandleFunc("POST /oidc/v1/token", func(rw http.ResponseWriter, r *http.Request) {
		client, secret, _ := r.BasicAuth()
		if client != w.Client || secret != w.Secret || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "all-apis" {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(http.StatusUnauthorized)
			_, _ = rw.Write([]byte(`{"error":"invalid_client"}`))
			return
		}
		answer(rw, map[string]any{"access_token": w.Token, "token_type": "Bearer", "expires_in": 3600})
	})
}

// pageOf returns some of the entries of a directory, and the token of the next page.
func pageOf(entries []os.DirEntry, token string) (page []os.DirEntry, next string) {
	from, _ := strconv.Atoi(token)
	from = min(from, len(entries))
	to := min(from+perPage, len(entries))
	if to < len(entries) {
		next = strconv.Itoa(to)
	}
	return entries[from:to], next
}

func answer(rw http.ResponseWriter, value any) {
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(value)
}

func refuse(rw http.ResponseWriter, status int, code, message string) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(map[string]string{"error_code": code, "message": message})
}
