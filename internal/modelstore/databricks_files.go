package modelstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// unityFiles is a directory of Unity Catalog's models, as Databricks' Files API serves it
// whichever cloud has the files (mlflow/store/artifact/databricks_sdk_models_artifact_repo.py).
type unityFiles struct {
	client *client
	base   string
	// root is the directory, /Models/CATALOG/SCHEMA/NAME/VERSION and what follows.
	root string
}

var _ Store = (*unityFiles)(nil)

// List implements Store: the API lists one directory at a time, in pages.
func (u *unityFiles) List(ctx context.Context) ([]File, error) {
	var files []File
	pending := []string{u.root}
	for asked := 0; len(pending) > 0; {
		at, next := pending[0], ""
		pending = pending[1:]
		for more := true; more; more = next != "" {
			if asked++; asked > maxFiles || asked > maxPages && len(files) == 0 {
				return nil, fmt.Errorf("%s: the list of the model's files does not end", u.client.host)
			}
			entries, following, err := u.page(ctx, at, next)
			if err != nil {
				return nil, err
			}
			next = following
			for _, e := range entries {
				name, below := strings.CutPrefix(e.Path, u.root+"/")
				if !below || !strings.HasPrefix(e.Path, at+"/") {
					return nil, fmt.Errorf("%s: it lists %q, which is outside of %s", u.client.host, e.Path, at)
				}
				if e.Directory {
					pending = append(pending, e.Path)
				} else {
					files = append(files, File{Path: name, Size: e.Size})
				}
				if strings.Count(name, "/") > maxDepth || len(files)+len(pending) > maxFiles {
					return nil, fmt.Errorf("%s: the model has more than %d files, or directories nested more than %d deep", u.client.host, maxFiles, maxDepth)
				}
			}
		}
	}
	return listed(files)
}

type unityEntry struct {
	Path      string `json:"path"`
	Directory bool   `json:"is_directory"`
	Size      int64  `json:"file_size"`
}

func (u *unityFiles) page(ctx context.Context, dir, token string) ([]unityEntry, string, error) {
	var answer struct {
		Contents []unityEntry `json:"contents"`
		Next     string       `json:"next_page_token"`
	}
	address := u.base + modelsource.DatabricksDirectories + escaped(dir)
	if token != "" {
		address += "?" + url.Values{"page_token": {token}}.Encode()
	}
	err := u.client.json(ctx, "the list of the model's files", func() (*http.Request, error) {
		return http.NewRequest(http.MethodGet, address, nil)
	}, &answer)
	return answer.Contents, answer.Next, err
}

// Open implements Store.
func (u *unityFiles) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	return u.client.get(ctx, fmt.Sprintf("%q", f.Path), u.base+modelsource.DatabricksFiles+escaped(u.root+"/"+f.Path), nil, offset)
}

// Access implements Store.
func (u *unityFiles) Access(context.Context, []File) (*modelsource.Access, error) {
	if onLoopback(u.client.host) {
		return nil, nil
	}
	return &modelsource.Access{URL: u.base + modelsource.DatabricksFiles + escaped(u.root), Headers: u.client.stepHeaders()}, nil
}
