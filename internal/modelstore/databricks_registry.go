package modelstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// workspaceModel is a version of a model of a workspace's own registry, whose files are at
// addresses that the registry signs (mlflow/store/artifact/databricks_models_artifact_repo.py).
type workspaceModel struct {
	server *server
	// name has the Name, the Version and the Path.
	name modelsource.MLflowName
}

var _ Store = (*workspaceModel)(nil)

func (w *workspaceModel) asked(file string) map[string]any {
	return map[string]any{"name": w.name.Name, "version": w.name.Version, "path": file}
}

// List implements Store: the API lists one directory at a time, in pages.
func (w *workspaceModel) List(ctx context.Context) ([]File, error) {
	var files []File
	pending := []string{w.name.Path}
	host, above := w.server.client.host, ""
	if w.name.Path != "" {
		above = w.name.Path + "/"
	}
	for asked := 0; len(pending) > 0; {
		at, token := pending[0], ""
		pending = pending[1:]
		for more := true; more; more = token != "" {
			if asked++; asked > maxFiles || asked > maxPages && len(files) == 0 {
				return nil, fmt.Errorf("%s: the list of the model's files does not end", host)
			}
			var answer struct {
				Files []struct {
					Path  string `json:"path"`
					IsDir bool   `json:"is_dir"`
					Size  int64  `json:"file_size"`
				} `json:"files"`
				Next string `json:"next_page_token"`
			}
			values := w.asked(at)
			if token != "" {
				values["page_token"] = token
			}
			if err := w.server.call(ctx, http.MethodGet, "model-versions/list-artifacts", "the list of the model's files", values, &answer); err != nil {
				return nil, err
			}
			token = answer.Next
			for _, f := range answer.Files {
				if f.Path != path.Clean(f.Path) || at != "" && !strings.HasPrefix(f.Path, at+"/") {
					return nil, fmt.Errorf("%s: it lists %q, which is outside of %q", host, f.Path, at)
				}
				if f.IsDir && f.Path != at {
					pending = append(pending, f.Path)
				} else {
					files = append(files, File{Path: strings.TrimPrefix(f.Path, above), Size: f.Size})
				}
				if strings.Count(f.Path, "/") > maxDepth || len(files)+len(pending) > maxFiles {
					return nil, fmt.Errorf("%s: the model has more than %d files, or directories nested more than %d deep", host, maxFiles, maxDepth)
				}
			}
		}
	}
	return listed(files)
}

// Open implements Store.
func (w *workspaceModel) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	var signed struct {
		URI     string `json:"signed_uri"`
		Headers []struct{ Name, Value string }
	}
	what := fmt.Sprintf("%q", f.Path)
	err := w.server.call(ctx, http.MethodGet, "model-versions/get-signed-download-uri", "an address of "+what, w.asked(path.Join(w.name.Path, f.Path)), &signed)
	if err != nil {
		return nil, 0, err
	}
	u, err := url.Parse(signed.URI)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && onLoopback(u.Host)) {
		return nil, 0, fmt.Errorf("%s signs an address that is not https", w.server.client.host)
	}
	headers := map[string]string{}
	for _, h := range signed.Headers {
		headers[h.Name] = h.Value
	}
	return w.server.client.get(ctx, what, signed.URI, headers, offset)
}

// Access implements Store: an address is signed for minutes, and a step may run later.
func (w *workspaceModel) Access(context.Context, []File) (*modelsource.Access, error) {
	return nil, nil
}
