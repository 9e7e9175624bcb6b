package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
)

// addContexts adds named build contexts: docker-image://REF, oci-layout://DIR
// with :TAG or @DIGEST, a git or http URL, or a directory.
func addContexts(opt *client.SolveOpt, contexts map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(contexts)) {
		value := contexts[name]
		key := "context:" + name
		scheme, rest, _ := strings.Cut(value, "://")
		switch scheme {
		case "docker-image":
			opt.FrontendAttrs[key] = "docker-image://" + rest
		case "git", "http", "https":
			opt.FrontendAttrs[key] = value
		case "oci-layout":
			store, ref, err := openLayout(name, rest)
			if err != nil {
				return &UsageError{Option: "build-context", Err: fmt.Errorf("%s=%s: %w", name, value, err)}
			}
			if opt.OCIStores == nil {
				opt.OCIStores = map[string]content.Store{}
			}
			opt.OCIStores[name] = store
			opt.FrontendAttrs[key] = "oci-layout://" + ref
		default:
			info, err := os.Stat(value)
			if err != nil {
				return &UsageError{Option: "build-context", Err: fmt.Errorf("%s: %w", name, err)}
			}
			if !info.IsDir() {
				return &UsageError{Option: "build-context", Err: fmt.Errorf("%s: %s is not a directory", name, value)}
			}
			mount, err := fsutil.NewFS(value)
			if err != nil {
				return &UsageError{Option: "build-context", Err: err}
			}
			opt.LocalMounts["context:"+name] = mount
			opt.FrontendAttrs[key] = "local:context:" + name
		}
	}
	return nil
}

// openLayout opens an OCI image layout and returns the digest of its image: the
// given digest or tag, else the only image.
func openLayout(name, value string) (content.Store, string, error) {
	dir, want, pinned := strings.Cut(value, "@")
	tag := ""
	if !pinned {
		if _, err := os.Stat(dir); err != nil {
			if n := strings.LastIndex(dir, ":"); n > 0 {
				dir, tag = dir[:n], dir[n+1:]
			}
		}
		found, err := layoutDigest(dir, tag)
		if err != nil {
			return nil, "", err
		}
		want = found.String()
	}
	if _, err := digest.Parse(want); err != nil {
		return nil, "", err
	}
	store, err := local.NewStore(dir)
	if err != nil {
		return nil, "", err
	}
	return store, name + "@" + want, nil
}

// maxIndex limits the index.json of an image layout, in bytes.
const maxIndex = 4 << 20

func layoutDigest(dir, tag string) (digest.Digest, error) {
	data, err := untrusted.ReadNamed(filepath.Join(dir, ocispecs.ImageIndexFile), maxIndex)
	if err != nil {
		return "", fmt.Errorf("not an OCI image layout: %w", err)
	}
	var index ocispecs.Index
	if err := json.Unmarshal(data, &index); err != nil {
		return "", fmt.Errorf("%s: %w", ocispecs.ImageIndexFile, err)
	}
	var tags []string
	for _, m := range index.Manifests {
		t := m.Annotations[ocispecs.AnnotationRefName]
		if tag == "" && len(index.Manifests) == 1 || tag != "" && t == tag || tag == "" && t == "latest" {
			return m.Digest, nil
		}
		tags = append(tags, t)
	}
	return "", fmt.Errorf("it has no image tagged %q; it has %s", tag, strings.Join(tags, ", "))
}

// sharedKey lets the builder keep a received directory and receive only later
// changes.
func sharedKey(dir string) string {
	h := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(h[:])
}
