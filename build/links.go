package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// noLinks refuses a folder that is an OCI image layout, or is to become one, or a
// cache of the same form, and has links where BuildKit's client reads and writes: it
// follows them, and a folder that came with a stranger's repository would choose
// what is overwritten, or shown in an error.
func noLinks(dir string) error {
	check := func(path string, d fs.DirEntry) error {
		if d.Type()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s is a link, which is not followed: remove it", path)
		}
		return nil
	}
	for _, name := range []string{ocispecs.ImageLayoutFile, ocispecs.ImageIndexFile, ocispecs.ImageIndexFile + ".lock", ocispecs.ImageBlobsDir, filepath.Join(ocispecs.ImageBlobsDir, "sha256")} {
		path := filepath.Join(dir, name)
		if info, err := os.Lstat(path); err == nil {
			if err := check(path, fs.FileInfoToDirEntry(info)); err != nil {
				return err
			}
		}
	}
	// What is on its way to blobs, which an export goes on with.
	return filepath.WalkDir(filepath.Join(dir, "ingest"), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return check(path, d)
	})
}

// checkLinks is noLinks for all folders that a build reads or writes that way.
func checkLinks(opt *client.SolveOpt) error {
	for _, e := range opt.Exports {
		if e.OutputDir != "" && e.Type != client.ExporterLocal {
			if err := noLinks(e.OutputDir); err != nil {
				return &UsageError{Option: "output", Err: err}
			}
		}
	}
	for _, e := range opt.CacheExports {
		if dir := e.Attrs["dest"]; e.Type == "local" && dir != "" {
			if err := noLinks(dir); err != nil {
				return &UsageError{Option: "cache-to", Err: err}
			}
		}
	}
	for _, e := range opt.CacheImports {
		if dir := e.Attrs["src"]; e.Type == "local" && dir != "" {
			if err := noLinks(dir); err != nil {
				return &UsageError{Option: "cache-from", Err: err}
			}
		}
	}
	return nil
}
