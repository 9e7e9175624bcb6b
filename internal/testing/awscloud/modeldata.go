package awscloud

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sourceOf returns the prefix in S3 that a model's files are below, "" for none.
func sourceOf(m *object) string {
	container, _ := m.body["PrimaryContainer"].(map[string]any)
	source, _ := container["ModelDataSource"].(map[string]any)
	s3, _ := source["S3DataSource"].(map[string]any)
	return text(s3, "S3Uri")
}

// below returns the objects below a prefix by the rest of their names.
func (c *Cloud) below(prefix string) (map[string][]byte, error) {
	prefix = strings.TrimPrefix(prefix, "s3://")
	if !strings.HasSuffix(prefix, "/") {
		return nil, fmt.Errorf("%s does not end with a slash", prefix)
	}
	out := map[string][]byte{}
	if c.Buckets == "" {
		for path, content := range c.objects {
			if name, ok := strings.CutPrefix(path, prefix); ok {
				out[name] = content
			}
		}
		return out, nil
	}
	dir := filepath.Join(c.Buckets, prefix)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir+"/")] = content
		return err
	})
	if os.IsNotExist(err) {
		err = nil
	}
	return out, err
}

// download puts the files below a prefix into a directory, as SageMaker does before it
// starts a container; "" is for no prefix.
func (c *Cloud) download(prefix string) (string, error) {
	if prefix == "" || c.Start == nil {
		return "", nil
	}
	objects, err := c.below(prefix)
	if err != nil || len(objects) == 0 {
		return "", invalid("Failed to download model data from %s. %v", prefix, err)
	}
	dir, err := os.MkdirTemp(c.Dir, "model")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		for part := range strings.SplitSeq(name, "/") {
			if part == "" || part == "." || part == ".." || len(part) > 255 {
				return "", invalid("Failed to download model data: %q is no name of a file.", name)
			}
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), objects[name], 0o644)
		}
	}
	return dir, err
}
