package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// wheel is a wheel in the making (the binary distribution format of packaging.python.org).
type wheel struct {
	// Version is that of the distribution, Tags are its platform tags, sorted.
	Version string
	Tags    []string
	files   []file
}

// file is a file of a wheel, by its path with slashes.
type file struct {
	name       string
	data       []byte
	executable bool
}

// info is the path of a file of the metadata.
func (w *wheel) info(name string) string { return "deployfile-" + w.Version + ".dist-info/" + name }

func (w *wheel) filename() string {
	return fmt.Sprintf("deployfile-%s-py3-none-%s.whl", w.Version, strings.Join(w.Tags, "."))
}

func (w *wheel) put(name string, data []byte, executable bool) {
	w.files = append(w.files, file{filepath.ToSlash(name), data, executable})
}

// add adds a file of the disk.
func (w *wheel) add(name, from string, executable bool) error {
	data, err := os.ReadFile(from)
	w.put(name, data, executable)
	return err
}

// addPackage adds the Python package in a directory.
func (w *wheel) addPackage(dir string) error {
	return fs.WalkDir(os.DirFS(dir), "deployfile", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == "__pycache__" {
			return cmp.Or(err, fs.SkipDir)
		}
		if d.IsDir() {
			return nil
		}
		return w.add(name, filepath.Join(dir, filepath.FromSlash(name)), false)
	})
}

// write writes the wheel; RECORD is the last file, as the format recommends.
func (w *wheel) write(to string) error {
	var record strings.Builder
	for _, f := range w.files {
		sum := sha256.Sum256(f.data)
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.data))
	}
	fmt.Fprintf(&record, "%s,,\n", w.info("RECORD"))
	w.put(w.info("RECORD"), []byte(record.String()), false)

	var out bytes.Buffer
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	for _, f := range w.files {
		h := &zip.FileHeader{Name: path.Clean(f.name), Method: zip.Deflate}
		// The first moment that a zip archive can have, as wheels of others have it.
		h.Modified = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
		mode := fs.FileMode(0o644)
		if f.executable {
			mode = 0o755
		}
		h.SetMode(mode)
		part, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.data); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}
