package modelsource

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// Access says how a step fetches the files of a model.
type Access struct {
	// URL is the address of the model's directory; a file is at its path below it.
	URL string `json:"url,omitempty"`
	// File is the address of the only file, in place of URL.
	File string `json:"file,omitempty"`
	// Signed is the address of an API that answers, at a file's path below it, with
	// {"url": …, "headers": …}, which it has signed for a while. Files are fetched
	// from there if it does.
	Signed string `json:"signed,omitempty"`
	// LFS is the address of a server of Git LFS, which is asked for each file by its
	// hash, in place of URL.
	LFS string `json:"lfs,omitempty"`
	// Headers go to the hosts of URL, File, LFS and Signed, and to no other.
	Headers map[string]string `json:"headers,omitempty"`
	// URLs are the addresses of files that are not below URL, by their paths. They
	// get no headers, except at the host of URL.
	URLs map[string]string `json:"urls,omitempty"`
	// Bucket has the files, in place of URL, with the credentials of Secrets.
	Bucket *Bucket `json:"bucket,omitempty"`
	// CA has certificate authorities in PEM, in addition to those of the secret "ca".
	CA string `json:"ca,omitempty"`
	// Session are secrets of the build for BuildKit itself, by their ids.
	Session map[string]string `json:"-"`
	// Secrets are build secrets whose credentials take the place of Headers.
	Secrets []string `json:"secrets,omitempty"`
}

// Secret reports whether an Access has what only the user may know: a credential, or an
// address with a signature.
func (a Access) Secret() bool {
	for name := range a.Headers {
		if name != "Accept-Encoding" {
			return true
		}
	}
	for _, address := range a.URLs {
		u, err := url.Parse(address)
		if err != nil || u.User != nil {
			return true
		}
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			return true
		}
		for name := range query {
			if !slices.Contains([]string{"versionid", "x-id", "alt", "generation"}, strings.ToLower(name)) {
				return true
			}
		}
	}
	return false
}

// AccessSecret is the id of the secret by which a client gives the steps that fetch an
// Access in JSON. What is in it is in no cache key, log or provenance: the same file is
// fetched once, wherever it is.
const AccessSecret = "deployfile-model"

const (
	accessPath = "/run/secrets/model"
	filesDir   = "/run/files"
	secretsDir = "/run/secrets/access"
)

//go:embed fetch.py
var fetchSource []byte

//go:embed buckets.py
var bucketsSource []byte

// Fetch returns the files of a model as steps fetch them, each large one in a step of
// its own unless the builder is so old that package llb copies the model in steps. The cache key of such a step has the paths, sizes and hashes of its files. It
// also has access if that is not nil; else the client gives the secret AccessSecret.
func Fetch(t toolchain.Toolchain, files []File, access *Access) (Tree, error) {
	tree := Tree{Files: files, Large: map[string]bkllb.State{}}
	var small []File
	splits := toolchain.Supports(t.Constraints, pb.CapFileSymlinkCreate) && toolchain.Supports(t.Constraints, pb.CapFileCopyIncludeExcludePatterns)
	for _, f := range files {
		if err := f.Check(); err != nil {
			return Tree{}, err
		}
		if f.Size < LargeFile || !splits {
			small = append(small, f)
			continue
		}
		step, err := fetchStep("fetch the model's "+f.Path, []File{f}, access, t)
		if err != nil {
			return Tree{}, err
		}
		tree.Large[f.Path] = t.Run(step)
	}
	step, err := fetchStep(fmt.Sprintf("fetch %d files of the model", len(small)), small, access, t)
	if err != nil {
		return Tree{}, err
	}
	tree.State = t.Run(step)
	return tree.withDirectories(t.Constraints...), nil
}

// FetchFailed is the kind of the error of a step that cannot fetch a model's files.
const FetchFailed = "model"

func fetchStep(name string, files []File, access *Access, t toolchain.Toolchain) (toolchain.Step, error) {
	list, err := json.Marshal(files)
	if err != nil {
		return toolchain.Step{}, err
	}
	var buckets []byte
	if access != nil && access.Bucket != nil {
		buckets = bucketsSource
	}
	step := toolchain.Step{
		Name:    name,
		Script:  toolchain.Script{Name: "fetch.py", Source: fetchSource},
		Args:    []string{path.Join(filesDir, "files.json")},
		Network: true,
		Mounts:  []toolchain.Mount{fileList(list, buckets, t)},
	}
	if access == nil {
		step.Secrets = []toolchain.Secret{{ID: AccessSecret, Path: accessPath}}
		return step, nil
	}
	where, err := json.Marshal(access.of(files))
	if err != nil {
		return toolchain.Step{}, err
	}
	step.Args = append(step.Args, string(where))
	for _, id := range access.Secrets {
		step.Secrets = append(step.Secrets, toolchain.Secret{ID: id, Path: path.Join(secretsDir, id)})
	}
	return step, nil
}

// fileList gives a step the files that it is to make, and a module of its script's unless
// that is nil.
func fileList(list, buckets []byte, t toolchain.Toolchain) toolchain.Mount {
	made := bkllb.WithCreatedTime(toolchain.Epoch())
	files := bkllb.Mkfile("/files.json", 0o444, list, made)
	if buckets != nil {
		files = files.Mkfile("/buckets.py", 0o444, buckets, made)
	}
	return toolchain.Mount{
		Path:   filesDir,
		Source: bkllb.Scratch().File(files, append([]bkllb.ConstraintsOpt{bkllb.WithCustomName("[internal] files.json")}, t.Constraints...)...),
	}
}
