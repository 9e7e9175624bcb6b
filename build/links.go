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

// noLinks refuses a directory with an OCI image layout, or one that will become
// one, or a cache in that format, if it has links where BuildKit's client reads
// or writes. The client follows links, so a directory from an untrusted
// repository could choose what is overwritten, or shown in an error.
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
	// Partial downloads for blobs, which an export resumes.
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

// checkLinks is noLinks for all directories that a build reads or writes.
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
